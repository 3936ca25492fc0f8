#!/usr/bin/env python3
"""Writes numbers.h: RSA and Diffie-Hellman rows for tests/openssl.c, from
integers and hashlib alone, so that no crypto library checks itself.
    python3 numbers.py >numbers.h"""
import hashlib
import random

rng = random.Random(20260801)


def prime(bits):
    while True:
        n = rng.getrandbits(bits) | 3 << bits - 2 | 1
        if n % 65537 != 1 and all(n % p for p in (3, 5, 7, 11, 13, 17, 19, 23)) and all(
                pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7, 11)):
            return n


def der_int(n):
    b = n.to_bytes(n.bit_length() // 8 + 1, 'big')
    return der(2, b)


def der(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else (lambda b: bytes([128 | len(b)]) + b)(n.to_bytes((n.bit_length() + 7) // 8, 'big'))
    return bytes([tag]) + size + body


class Key:
    def __init__(self, bits, e=65537):
        p, q = prime(bits // 2), prime(bits // 2)
        self.n, self.e, self.bytes = p * q, e, bits // 8
        self.d = pow(e, -1, (p - 1) * (q - 1))
        self.pub = der(0x30, der_int(self.n) + der_int(e))
        self.priv = der(0x30, b''.join(map(der_int, (
            0, self.n, e, self.d, p, q, self.d % (p - 1), self.d % (q - 1), pow(q, -1, p)))))

    def private(self, em):
        return pow(int.from_bytes(em, 'big'), self.d, self.n).to_bytes(self.bytes, 'big')

    def public(self, em):
        return pow(int.from_bytes(em, 'big'), self.e, self.n).to_bytes(self.bytes, 'big')


def mgf(seed, n, h):
    return b''.join(h(seed + i.to_bytes(4, 'big')).digest() for i in range(n // h().digest_size + 1))[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


OID = {hashlib.sha256: bytes.fromhex('0609608648016503040201'), hashlib.sha384: bytes.fromhex('0609608648016503040202'),
       hashlib.sha1: bytes.fromhex('06052b0e03021a')}


def info(h, digest, null=b'\5\0'):
    return der(0x30, der(0x30, OID[h] + null) + der(4, digest))


def pkcs1(size, t, pad=b'\xff', head=b'\0\1', tail=b''):
    return head + pad * (size - 3 - len(t) - len(tail)) + b'\0' + t + tail


def pss(size, digest, h, salt, last=0xbc, one=1, mh=None):
    hlen, first = len(digest), (mh or h)
    m = h(bytes(8) + digest + salt).digest()
    db = bytes(size - len(salt) - hlen - 2) + bytes([one]) + salt
    db = xor(db, mgf(m, len(db), first))
    return bytes([db[0] & 0x7f]) + db[1:] + m + bytes([last])


def oaep(size, text, label=b'', first=0, one=1, h=hashlib.sha256, mh=hashlib.sha256):
    lhash = h(label).digest()
    db = lhash + bytes(size - len(text) - 2 * len(lhash) - 2) + bytes([one]) + text
    seed = rng.randbytes(len(lhash))
    db = xor(db, mgf(seed, len(db), mh))
    return bytes([first]) + xor(seed, mgf(db, len(seed), mh)) + db


keys = {'k2048': Key(2048), 'k3072': Key(3072), 'k1024': Key(1024)}


def text(b):
    h = b.hex()
    return '\n\t'.join('"%s"' % h[i:i + 120] for i in range(0, max(len(h), 1), 120))


print('/* numbers.h -- written by numbers.py. */')
for name, k in keys.items():
    print('static const char %s_pub[] =\n\t%s;' % (name, text(k.pub)))
    print('static const char %s_priv[] =\n\t%s;' % (name, text(k.priv)))

S, L = hashlib.sha256, hashlib.sha384
D = {S: S(b'imprint').digest(), L: L(b'imprint').digest()}
k, w, salt = keys['k2048'], keys['k3072'], bytes(range(32))
rows = [
    ('k2048', 'RS256', S, pkcs1(256, info(S, D[S])), 1, 'good'),
    ('k3072', 'RS384', L, pkcs1(384, info(L, D[L])), 1, 'good'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt), 1, 'good'),
    ('k3072', 'PS384', L, pss(384, D[L], L, salt + salt[:16]), 1, 'good'),
    ('k2048', 'RS384', L, pkcs1(256, info(L, D[L])), 1, 'a longer hash with a smaller key'),
    ('k1024', 'RS256', S, pkcs1(128, info(S, D[S])), 0, 'a key of 1024 bits'),
    ('k2048', 'RS256', S, pkcs1(256, info(S, D[S], b'')), 0, 'no NULL in the DigestInfo'),
    ('k2048', 'RS256', S, pkcs1(256, info(L, D[L])), 0, 'another hash inside'),
    ('k2048', 'RS256', S, pkcs1(256, D[S]), 0, 'a digest without DigestInfo'),
    ('k2048', 'RS256', S, pkcs1(256, info(S, D[S]), pad=b'\xfe'), 0, 'padding that is not ff'),
    ('k2048', 'RS256', S, pkcs1(256, info(S, D[S]), head=b'\0\2'), 0, 'block type 2'),
    ('k2048', 'RS256', S, b'\0\1' + b'\xff' * 8 + b'\0' + info(S, D[S]) + rng.randbytes(194), 0, 'bytes after the digest (2006)'),
    ('k2048', 'RS256', S, pss(256, D[S], S, salt), 0, 'PSS taken for PKCS 1'),
    ('k2048', 'PS256', S, pkcs1(256, info(S, D[S])), 0, 'PKCS 1 taken for PSS'),
    ('k2048', 'PS256', S, pss(256, D[S], S, b''), 0, 'no salt'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt[:20]), 0, 'a short salt'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt * 2), 0, 'a long salt'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt, last=0xbd), 0, 'no bc at the end'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt, one=2), 0, 'no 01 before the salt'),
    ('k2048', 'PS256', S, pss(256, D[S], S, salt, mh=hashlib.sha1), 0, 'MGF1 with SHA-1'),
    ('k2048', 'PS256', S, pss(256, S(b'other').digest(), S, salt), 0, 'another digest'),
]
print('static const struct rsa_row { const char *key, *alg, *digest, *sig; int good; const char *why; } rsa_rows[] = {')
for name, alg, h, em, good, why in rows:
    print('\t{ %s_pub, "%s", "%s",\n\t%s, %d, "%s" },' % (name, alg, D[h].hex(), text(keys[name].private(em)), good, why))
print('};')

def sequence(*numbers):
    return der(0x30, b''.join(numbers))


n, e, two = der_int(k.n), der_int(k.e), b'\2\1'
rows = [
    (sequence(n, two + b'\1'), 'an exponent of 1'),
    (sequence(n, two + b'\0'), 'an exponent of 0'),
    (sequence(n, two + b'\2'), 'an even exponent'),
    (sequence(n, two + b'\xfd'), 'a negative exponent'),
    (sequence(n, der_int(k.n + 2)), 'an exponent larger than the modulus'),
    (sequence(der_int(k.n - 1), e), 'an even modulus'),
    (sequence(der(2, k.n.to_bytes(256, 'big')), e), 'a negative modulus'),
    (sequence(der_int(rng.getrandbits(8200) | 1 << 8200 | 1), e), 'a modulus of 8201 bits'),
    (sequence(two + b'\0', e), 'a modulus of 0'),
    (sequence(n), 'no exponent'),
    (sequence(n, e, e), 'a third number'),
    (der(0x30, n + e)[:1] + b'\x80' + n + e + b'\0\0', 'an indefinite length'),
    (der(0x31, n + e), 'a set'),
    (der(0x30, der(0x30, bytes.fromhex('06092a864886f70d0101010500')) + der(3, b'\0' + k.pub)), 'a SubjectPublicKeyInfo'),
    (k.priv, 'a private key'),
    (b'', 'nothing'),
]
print('static const struct key_row { const char *key; const char *why; } key_rows[] = {')
for bits, why in rows:
    print('\t{ %s,\n\t"%s" },' % (text(bits), why))
print('};')

secret = bytes(range(0x40, 0x60))
rows = [
    (oaep(256, secret), secret, 'good'),
    (oaep(256, b''), b'', 'an empty text'),
    (oaep(256, bytes(190)), bytes(190), 'the longest text'),
    (oaep(256, secret, label=b'x'), None, 'another label'),
    (oaep(256, secret, first=1), None, 'a first byte of 1'),
    (oaep(256, secret, one=2), None, 'no 01 before the text'),
    (oaep(256, secret, h=hashlib.sha1), None, 'a label hashed with SHA-1'),
    (oaep(256, secret, mh=hashlib.sha1), None, 'MGF1 with SHA-1'),
    (b'\0\2' + b'\x55' * 221 + b'\0' + secret, None, 'PKCS 1 v1.5'),
    (bytes(256), None, 'zero'),
]
print('static const struct oaep_row { const char *in, *text; const char *why; } oaep_rows[] = {')
for em, plain, why in rows:
    print('\t{ %s,\n\t%s, "%s" },' % (text(k.public(em)), 'NULL' if plain is None else '"%s"' % plain.hex(), why))
print('};')


def modp(bits, add):
    """RFC 3526: 2^b - 2^(b-64) - 1 + 2^64 * (floor(2^(b-130) * pi) + add)."""
    one = 1 << bits + 64
    arctan = lambda x: sum((1 if i % 2 == 0 else -1) * (one // ((2 * i + 1) * x ** (2 * i + 1))) for i in range(bits))
    pi = 4 * (4 * arctan(5) - arctan(239))
    return 2 ** bits - 2 ** (bits - 64) - 1 + 2 ** 64 * ((pi >> 64 + 130) + add)


print('static const struct modp_row { int curve; const char *p, *a, *b, *A, *B, *s; } modp_rows[] = {')
for curve, bits, add, size in ((-14, 2048, 124476, 32), (-15, 3072, 1690314, 96)):
    p = modp(bits, add)
    a, b = rng.getrandbits(8 * size), rng.getrandbits(8 * size)
    while pow(2, b, p) >> bits - 8:  # a public value that starts with a zero byte
        b += 1
    while pow(2, a * b, p) >> bits - 8:  # and a secret that does
        a += 1
    out = [n.to_bytes(m, 'big') for n, m in (
        (p, bits // 8), (a, size), (b, size), (pow(2, a, p), bits // 8), (pow(2, b, p), bits // 8), (pow(2, a * b, p), bits // 8))]
    print('\t{ %d, %s },' % (curve, ',\n\t'.join(map(text, out))))
print('};')
