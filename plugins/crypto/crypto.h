/* crypto.h -- the crypto providers of this tree, for the hosts that link them.
 *
 * Each provider is a const imp_crypto (imprint.h, section 4) in a library of
 * its own; link those you name.  Protocol code never includes this file.
 *
 *   imp_bearssl     all of BearSSL: constant time, no heap, any machine
 *   imp_bearssl_ec  its small part for devices: P-256, SHA-256, AES
 *   imp_sodium      X25519, Ed25519, ChaCha20-Poly1305, random numbers
 *   imp_openssl     OpenSSL 3, for hosts
 *   imp_pkcs11      keys in a token: pkcs11.h
 *   imp_mux         the first of several that can
 *   imp_fake        no security at all: fuzzing
 *
 * WHAT ALL OF THEM AGREE ON, beyond imprint.h
 *
 *   IMP_EUNSUP  not offered here (algorithm, curve, opaque key, gathered
 *               AAD that is too large): `mux` asks the next provider
 *   IMP_EARG    the caller's own mistake: a key, nonce, IV, digest or MAC of
 *               the wrong length, a private key of zero or not below n, a
 *               scalar of muladd that is zero
 *   IMP_EBADMSG a peer's point or public key is malformed, off its curve, at
 *               infinity, or of low order
 *   IMP_EAUTH   a tag, signature or RSA padding is wrong, whatever way it is
 *               wrong (length too), or verify()'s public key is no key; an
 *               output is zeros
 *   IMP_ENOSPC  *len is too small; it is set to what is needed
 *   IMP_ERANDOM no entropy
 *
 *   *len is the room in `out` before and the bytes written after.
 *   can      alg 0 asks for keygen and dh on a curve; an ECDSA alg with a curve
 *            asks for that digest with that curve's keys.
 *   AEAD     output is ciphertext || tag; nonces are 13 bytes for CCM8_128
 *            and CCM16_128, 7 for CCM64_*, 12 for all others.
 *   ECDSA    the key's alg is the curve, `alg` gives the digest's length, so
 *            ES256 on P-384 is "SHA-256 with a P-384 key", as in X.509.
 *   RSA      a key's alg does not matter; moduli below 2048 bits are
 *            IMP_EAUTH for verify, IMP_EARG for the rest.  PSS salts are as
 *            long as the digest.
 *   dh       yields the x coordinate, as wide as the field.  X25519 keys
 *            and points are the 32 bytes of RFC 7748, Ed25519 keys those of
 *            RFC 8032 (the private key is the seed).
 *   muladd   takes scalars of any length; one that is shorter than the order
 *            costs less, and a public 1 of one byte only an addition
 *   point    compressed points that a provider cannot expand: IMP_EUNSUP
 *   hashes   contexts may lie at any address and be copied; SHA-1 may be
 *            hashed, never signed.  The last 8 bytes of IMP_HASH_CTX belong
 *            to imp_mux, so a provider's own contexts end before them.
 *
 * Every function of every provider is [any]. */
#ifndef IMPRINT_CRYPTO_H
#define IMPRINT_CRYPTO_H

#include "imprint.h"

enum { IMP_HASH_OWN = IMP_HASH_CTX - 8 }; /* what a provider's context may fill */

extern const imp_crypto imp_bearssl;
extern const imp_crypto imp_bearssl_ec;
extern const imp_crypto imp_sodium;
extern const imp_crypto imp_openssl;
extern const imp_crypto imp_fake;

extern const imp_plugin imp_plugin_bearssl;
extern const imp_plugin imp_plugin_sodium;
extern const imp_plugin imp_plugin_openssl;
extern const imp_plugin imp_plugin_fake;

/* Fills `out` with `len` random bytes; anything but IMP_OK fails the call
 * that wanted them. */
typedef imp_status imp_random_fn(const imp_crypto *c, uint8_t *out, size_t len);

/* A provider with the application's own source of random numbers: `out` is
 * a copy of `base` (imp_bearssl, imp_bearssl_ec) that calls `random` for its
 * own needs too.  A microcontroller needs this, as BearSSL finds no entropy
 * there:
 *
 *   static imp_status trng(const imp_crypto *c, uint8_t *out, size_t len);
 *   static imp_crypto crypto;
 *   imp_bearssl_with(&crypto, &imp_bearssl_ec, trng);
 *
 * `out` is the caller's; if it is the first member of a larger struct, then
 * random() finds that struct behind its `c`. */
void imp_bearssl_with(imp_crypto *out, const imp_crypto *base, imp_random_fn *random);

/* A provider made of others.  For each call the one of highest rank that
 * offers the algorithm does the work; while it says IMP_EUNSUP the next is
 * asked; between equal ranks the order of `list` decides.  `list` ends with
 * NULL and lives as long as `out` does; a mux in a list is not allowed. */
void imp_mux(imp_crypto *out, const imp_crypto *const *list);

#endif
