"""Keys, hashes and signatures, by the providers that are built in; certificates enough for tests."""
from __future__ import annotations

import datetime
import struct
from typing import List, NamedTuple, Tuple

from . import _imprint as face
from .errors import error
from .words import Alg, Curve

_FLAT = struct.Struct("=iIQ")
PRIVATE = 1
_SIGN = {Curve.P256: Alg.ES256, Curve.P384: Alg.ES384, Curve.ED25519: Alg.EDDSA}


def _done(found: Tuple[int, bytes]) -> bytes:
    code, data = found
    if code < 0:
        raise error(code, data.decode("utf-8", "replace"))
    return data


class Key(NamedTuple):
    """A key pair in flat form (imprint.h, FACTS): `private` and `public` are what facts hold."""

    private: bytes
    public: bytes

    @property
    def curve(self) -> int:
        """The curve, or algorithm, of the key."""
        return int(_FLAT.unpack_from(self.public)[0])

    @property
    def point(self) -> bytes:
        """The public key's own bytes (EC: an uncompressed point)."""
        return self.public[_FLAT.size:]

    def sign(self, message: bytes, alg: int = 0) -> bytes:
        """A signature over the whole message; EC: r||s."""
        return _done(face.imp_tool_sign("", alg or _SIGN[Curve(self.curve)], self.private, message))

    def verify(self, message: bytes, signature: bytes, alg: int = 0) -> bool:
        """Is it this key's signature?"""
        return face.imp_tool_verify("", alg or _SIGN[Curve(self.curve)], self.public, message, signature) >= 0


def new_key(curve: int = Curve.P256) -> Key:
    """A new key pair."""
    found = _done(face.imp_tool_keygen("", curve))
    (n,) = struct.unpack_from("=I", found)
    return Key(found[4:4 + n], found[4 + n:])


def flat(alg: int, bits: bytes, flags: int = 0, slot: int = 0) -> bytes:
    """A key's flat form, as facts hold it."""
    return _FLAT.pack(alg, flags, slot) + bits


def unflat(key: bytes) -> Tuple[int, bytes]:
    """(alg, the key's own bytes) of a flat form."""
    return int(_FLAT.unpack_from(key)[0]), key[_FLAT.size:]


def random(size: int) -> bytes:
    """Random bytes."""
    return _done(face.imp_tool_random("", size))


def digest(data: bytes, alg: int = Alg.SHA256) -> bytes:
    """The hash of `data`."""
    return _done(face.imp_tool_hash("", alg, data))


def mac(key: bytes, data: bytes, alg: int = Alg.HMAC256) -> bytes:
    """The MAC of `data` under the bytes `key`."""
    return _done(face.imp_tool_mac("", alg, key, data))


def seal(key: bytes, nonce: bytes, data: bytes, aad: bytes = b"", alg: int = Alg.A128GCM) -> bytes:
    """Encrypt and authenticate; the tag follows."""
    return _done(face.imp_tool_seal("", alg, key, nonce, aad, data))


def unseal(key: bytes, nonce: bytes, data: bytes, aad: bytes = b"", alg: int = Alg.A128GCM) -> bytes:
    """The inverse of seal(); AuthError."""
    return _done(face.imp_tool_open("", alg, key, nonce, aad, data))


# --- DER: what certificates for tests take ----------------------------------------

_CURVE_OID = {Curve.P256: "2a8648ce3d030107", Curve.P384: "2b81040022"}
_SIGNED = {Curve.P256: "2a8648ce3d040302", Curve.P384: "2a8648ce3d040303"}


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + size + body


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(raw: str) -> bytes:
    return _der(6, bytes.fromhex(raw))


def _split(data: bytes) -> List[Tuple[int, bytes, bytes]]:
    """(tag, content, whole) of the elements in `data`."""
    out, at = [], 0
    while at < len(data):
        size, head = data[at + 1], 2
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(data[at + 2:at + head], "big")
        end = at + head + size
        if end > len(data):
            raise ValueError("DER: cut short")
        out.append((data[at], data[at + head:end], data[at:end]))
        at = end
    return out


def spki(key: Key) -> bytes:
    """The SubjectPublicKeyInfo of an EC key."""
    return _der(0x30, _der(0x30, _oid("2a8648ce3d0201"), _oid(_CURVE_OID[Curve(key.curve)])), _der(3, b"\0", key.point))


def name(common: str) -> bytes:
    """A Name with only a common name."""
    return _der(0x30, _der(0x31, _der(0x30, _oid("550403"), _der(0x0C, common.encode()))))


def csr_parts(csr: bytes) -> Tuple[bytes, bytes]:
    """(subject, SubjectPublicKeyInfo) of a PKCS#10 request, whose signature is not looked at."""
    try:
        info = _split(_split(_split(csr)[0][1])[0][1])
        return info[1][2], info[2][2]
    except IndexError:
        raise ValueError("DER: no certification request") from None


def certificate(issuer: Key, issuer_name: bytes, subject: bytes, subject_spki: bytes, *, ca: bool = False) -> bytes:
    """A certificate of ten years, in DER."""
    now = datetime.datetime.now(datetime.timezone.utc)
    dates = [_der(0x18, (now + datetime.timedelta(days=d)).strftime("%Y%m%d%H%M%SZ").encode()) for d in (-1, 3650)]
    algorithm = _der(0x30, _oid(_SIGNED[Curve(issuer.curve)]))
    usage = _der(0x30, _oid("551d0f"), _der(1, b"\xff"), _der(4, _der(3, b"\x01\x06" if ca else b"\x07\x80")))
    basic = _der(0x30, _oid("551d13"), _der(1, b"\xff"), _der(4, _der(0x30, _der(1, b"\xff") if ca else b"")))
    body = _der(0x30, _der(0xA0, _integer(2)), _integer(int.from_bytes(b"\x01" + random(15), "big")), algorithm, issuer_name,
                _der(0x30, *dates), subject, subject_spki, _der(0xA3, _der(0x30, usage, basic)))
    raw = issuer.sign(body)
    half = len(raw) // 2
    signature = _der(0x30, *(_integer(int.from_bytes(part, "big")) for part in (raw[:half], raw[half:])))
    return _der(0x30, body, algorithm, _der(3, b"\0", signature))
