package imprint

import (
	"imprint.dev/imprint/internal/low"
)

// FlatKey is a key as facts hold it: algorithm or curve, flags, slot, and the
// key's own bytes.
type FlatKey []byte

// NewKey makes the flat form.  alg: the curve, or the algorithm of a symmetric
// key; bits: scalars and points as imprint.h has them.
func NewKey(alg int, private bool, bits []byte) FlatKey {
	flags := uint(0)
	if private {
		flags = 1
	}
	k, _ := take(low.Imp_tool_flat(alg, flags, 0, bits))
	return k
}

// Bits are the key's own bytes.
func (k FlatKey) Bits() []byte {
	if len(k) < 16 {
		return nil
	}
	return k[16:]
}

// Alg is the curve, or the algorithm of a symmetric key; 0: it is no key.
func (k FlatKey) Alg() int {
	if len(k) < 16 {
		return 0
	}
	return int(int32(order.Uint32(k)))
}

// Crypto is a provider by name; "" is the first that can.  All of it is for
// tests and for making facts: protocols use C's own.
type Crypto string

// Random bytes.
func (c Crypto) Random(n int) ([]byte, error) {
	if n < 0 {
		return nil, EArg
	}
	return take(low.Imp_tool_random(string(c), int64(n)))
}

// GenerateKey makes a pair on a curve.
func (c Crypto) GenerateKey(curve int) (priv, pub FlatKey, err error) {
	b, err := take(low.Imp_tool_keygen(string(c), curve))
	if err != nil {
		return nil, nil, err
	}
	n := 4 + int(order.Uint32(b))
	return FlatKey(b[4:n:n]), FlatKey(b[n:]), nil
}

// Sign signs a whole message.
func (c Crypto) Sign(alg int, priv FlatKey, message []byte) ([]byte, error) {
	return take(low.Imp_tool_sign(string(c), alg, priv, message))
}

// Verify is nil if the signature is good.
func (c Crypto) Verify(alg int, pub FlatKey, message, sig []byte) error {
	if st := Status(low.Imp_tool_verify(string(c), alg, pub, message, sig)); st != OK {
		return st
	}
	return nil
}

// Hash of a message.
func (c Crypto) Hash(alg int, message []byte) ([]byte, error) {
	return take(low.Imp_tool_hash(string(c), alg, message))
}

// MAC of a message: HMAC or CMAC.
func (c Crypto) MAC(alg int, key, message []byte) ([]byte, error) {
	return take(low.Imp_tool_mac(string(c), alg, key, message))
}

// Seal encrypts and authenticates.
func (c Crypto) Seal(alg int, key, nonce, aad, plain []byte) ([]byte, error) {
	return take(low.Imp_tool_seal(string(c), alg, key, nonce, aad, plain))
}

// Open undoes Seal; EAuth: something was changed.
func (c Crypto) Open(alg int, key, nonce, aad, sealed []byte) ([]byte, error) {
	return take(low.Imp_tool_open(string(c), alg, key, nonce, aad, sealed))
}

// DH is the shared secret with the owner of a point.
func (c Crypto) DH(priv FlatKey, point []byte) ([]byte, error) {
	return take(low.Imp_tool_dh(string(c), priv, point))
}
