"""imprint: the protocols that give a device its first keys, both sides of each, for tests in Python.

A session is a running stack.  You feed it messages, it says messages; its
questions are answered by facts, by a callable, or later:

>>> import imprint
>>> from imprint import Topic, Verb, fdo
>>> device = imprint.open("fdo/http", role="device", facts=fdo.device_facts(imprint.new_key(), "http://factory:8038"))
>>> opened, = device.start(Topic.VOUCHER)              # be initialized in a factory
>>> print(opened.verb.name, opened.text)
OPEN http://factory:8038
>>> for message in device.up(ticket=opened.ticket):    # the link is there
...     print(message.verb.name, message.data.split(b" HTTP")[0])
TX b'POST /fdo/101/msg/10'
>>> network = imprint.Network(hook=lambda flight: None) # every message in flight goes through it
>>> world = fdo.World(network)                         # a maker, a rendezvous server, an owner
>>> lamp = world.device("lamp-1")                      # a device leaves the factory
>>> voucher = world.sell(lamp)                         # and has an owner
>>> world.onboard(lamp).name                           # it is switched on
'OK'
>>> len(network.record) > 20                           # what crossed the wire
True
>>> lamp.decoded()[Topic.VOUCHER, "fdo.credential"][0] # what it knows now
False
>>> world.onboard(lamp).name                           # nobody has registered its new voucher yet
'LATER'
"""
from . import cbor, crypto, fdo
from .catalogue import catalogue, load
from .crypto import Key, new_key
from .errors import (ArgumentError, AuthError, BadMessageError, DeniedError, Error, ExpiredError, FactError, LinkError, OverError, PeerError,
                     PluginError, ProtocolError, RandomError, SpaceError, StackError, UnsupportedError)
from .facts import Facts, Run
from .host import Host
from .loop import Loop, Server
from .message import NEVER, Channel, Message
from .network import Flight, Network, VirtualClock
from .session import LATER, Clock, Question, Session, open
from .words import Alg, Curve, Flag, Keys, Medium, Method, Role, Status, Topic, Triage, Verb

__version__ = "0.1.0"

__all__ = [
    "Alg", "ArgumentError", "AuthError", "BadMessageError", "Channel", "Clock", "Curve", "DeniedError", "Error", "ExpiredError", "FactError",
    "Facts", "Flag", "Flight", "Host", "Key", "Keys", "LATER", "LinkError", "Loop", "Medium", "Message", "Method", "NEVER", "Network", "OverError",
    "PeerError", "PluginError", "ProtocolError", "Question", "RandomError", "Role", "Run", "Server", "Session", "SpaceError", "StackError",
    "Status", "Topic", "Triage", "UnsupportedError", "Verb", "VirtualClock", "catalogue", "cbor", "crypto", "fdo", "load", "new_key", "open",
]
