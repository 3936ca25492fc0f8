"""The numbers of imprint.h with their names.

Every enum here is an :class:`enum.IntEnum` or :class:`enum.IntFlag`: its
members compare equal to the plain numbers that stand in messages.
"""
from enum import IntEnum, IntFlag


class Verb(IntEnum):
    """What a message says.  Below 0x80 it rises to the host, from 0x80 it sinks to the wire."""

    RX = 0x01
    UP = 0x02
    DOWN = 0x03
    ASK = 0x04
    TELL = 0x05
    LEARN = 0x06
    DONE = 0x07
    TX = 0x81
    OPEN = 0x82
    SHUT = 0x83
    ANSWER = 0x84
    START = 0x85
    TICK = 0x86
    STOP = 0x87


class Topic(IntEnum):
    """What an ASK, TELL or LEARN is about; 0x100 to 0x1ff are facts."""

    AUTHORIZE = 0x0001
    CHOOSE = 0x0002
    VERIFY = 0x0003
    SHOW = 0x0010
    READ = 0x0011
    ROUTE = 0x0012
    IDENTITY = 0x0100
    KEY = 0x0101
    CHAIN = 0x0102
    ANCHOR = 0x0103
    PEERKEY = 0x0104
    NETWORK = 0x0105
    SERVER = 0x0106
    VOUCHER = 0x0107
    OWNER = 0x0108
    ACCESS = 0x0109
    CONFIG = 0x010A
    IMAGE = 0x010B
    ASSOC = 0x010C
    COUNTER = 0x010D
    SIGN = 0x0200
    ISSUE = 0x0201
    KEYS = 0x0202
    SIM = 0x0203
    RUN = 0x0204


class Status(IntEnum):
    """How something ended: 0 well, negative badly, positive in a way of its own."""

    OK = 0
    PASS = 1
    LATER = 3
    EBADMSG = -1
    EAUTH = -2
    EDENIED = -3
    EPROTO = -4
    EUNSUP = -5
    ENOSPC = -6
    EARG = -7
    ETIME = -8
    ELINK = -9
    EPEER = -10
    ERANDOM = -11
    EFACT = -12
    EOVER = -13


class Flag(IntFlag):
    """Bits of a message's ``flags``."""

    MORE = 0x0001
    NOW = 0x0004
    SECRET = 0x0008
    GROUP = 0x0020
    FORGET = 0x0040
    PROVISO = 0x0080
    LIST = 0x0100


class Medium(IntEnum):
    """The out-of-band channel of a SHOW or READ, in ``code``."""

    TEXT = 1
    QR = 2
    NFC = 3
    PIN = 4
    BLINK = 5
    BEEP = 6
    VIBRATE = 7
    BUTTON = 8
    URI = 9
    FILE = 10


class Method(IntEnum):
    """The method of a REST request, in ``code``."""

    GET = 1
    POST = 2
    PUT = 3
    DELETE = 4
    FETCH = 5
    PATCH = 6


class Role(IntEnum):
    """Who a session plays."""

    DEVICE = 1
    OWNER = 2
    RELAY = 3
    MAKER = 4
    RENDEZVOUS = 5


class Keys(IntEnum):
    """What kind of key an ASK for KEYS wants, in ``code``."""

    OFFER = 0
    PSK = 1
    PASSWORD = 2
    RAW = 3
    CERT = 4
    MSK = 5


class Triage(IntEnum):
    """How a server sorts a message before there is a session for it."""

    DROP = 0
    KNOWN = 1
    FRESH = 2
    BOUNCE = 3


class Curve(IntEnum):
    """Curves for :func:`imprint.new_key` (COSE numbers)."""

    P256 = 1
    P384 = 2
    P521 = 3
    X25519 = 4
    ED25519 = 6


class Alg(IntEnum):
    """Algorithms (COSE numbers; below -70000 private to imprint)."""

    SHA256 = -16
    SHA384 = -43
    SHA512 = -44
    HMAC256 = 5
    HMAC384 = 6
    HMAC512 = 7
    ES256 = -7
    ES384 = -35
    ES512 = -36
    EDDSA = -8
    RS256 = -257
    RS384 = -258
    PS256 = -37
    PS384 = -38
    A128GCM = 1
    A192GCM = 2
    A256GCM = 3
    CHACHAPOLY = 24
    CCM8_128 = 10
    CCM16_128 = 30
    CCM64_128 = 32
    CCM64_256 = 33
