// Package fdo makes and reads what hosts of FDO handle: RendezvousInfo, device
// credentials, ownership vouchers, with P-256 keys.  The protocol itself, with
// all that must be verified, is imprint's.
package fdo

import "errors"

// Raw is CBOR that is encoded already.
type Raw []byte

func head(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n < 1<<8:
		return append(b, major<<5|24, byte(n))
	case n < 1<<16:
		return append(b, major<<5|25, byte(n>>8), byte(n))
	}
	return append(b, major<<5|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// Pair is one entry of a map, which is a []Pair.
type Pair struct{ Key, Value any }

// Encode writes int, bool, nil, string, []byte, Raw, []any and []Pair.
func Encode(v any) []byte { return encode(nil, v) }

func encode(b []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		if v < 0 {
			return head(b, 1, uint64(-1-v))
		}
		return head(b, 0, uint64(v))
	case bool:
		if v {
			return append(b, 0xf5)
		}
		return append(b, 0xf4)
	case nil:
		return append(b, 0xf6)
	case string:
		return append(head(b, 3, uint64(len(v))), v...)
	case []byte:
		return append(head(b, 2, uint64(len(v))), v...)
	case Raw:
		return append(b, v...)
	case []any:
		b = head(b, 4, uint64(len(v)))
		for _, x := range v {
			b = encode(b, x)
		}
		return b
	case []Pair:
		b = head(b, 5, uint64(len(v)))
		for _, p := range v {
			b = encode(encode(b, p.Key), p.Value)
		}
		return b
	}
	panic("fdo: a type that CBOR does not have here")
}

var errCBOR = errors.New("malformed CBOR")

// One head: major type, its number, and what follows.
func readHead(b []byte) (major byte, n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, 0, nil, errCBOR
	}
	major, low := b[0]>>5, b[0]&31
	b = b[1:]
	if low < 24 {
		return major, uint64(low), b, nil
	}
	size := 1 << (low - 24)
	if low > 27 || len(b) < size {
		return 0, 0, nil, errCBOR
	}
	for _, c := range b[:size] {
		n = n<<8 | uint64(c)
	}
	return major, n, b[size:], nil
}

// Item cuts the first item off; depth is how deep it may nest.
func item(b []byte, depth int) (first, rest []byte, err error) {
	major, n, rest, err := readHead(b)
	if err != nil || depth == 0 {
		return nil, nil, errCBOR
	}
	switch major {
	case 2, 3:
		if n > uint64(len(rest)) {
			return nil, nil, errCBOR
		}
		rest = rest[n:]
	case 4, 5, 6:
		if n > uint64(len(rest)) && major != 6 {
			return nil, nil, errCBOR
		}
		if major == 5 {
			n *= 2
		} else if major == 6 {
			n = 1
		}
		for ; n > 0; n-- {
			if _, rest, err = item(rest, depth-1); err != nil {
				return nil, nil, err
			}
		}
	}
	return b[:len(b)-len(rest)], rest, nil
}

// List is the raw items of an array.
func List(b []byte) ([]Raw, error) {
	major, n, rest, err := readHead(b)
	if err != nil || major != 4 || n > uint64(len(rest)) {
		return nil, errCBOR
	}
	all := make([]Raw, n)
	for i := range all {
		var first []byte
		if first, rest, err = item(rest, 16); err != nil {
			return nil, err
		}
		all[i] = first
	}
	if len(rest) != 0 {
		return nil, errCBOR
	}
	return all, nil
}

// Bytes is what a byte or text string holds.
func (r Raw) Bytes() ([]byte, error) {
	major, n, rest, err := readHead(r)
	if err != nil || major != 2 && major != 3 || n != uint64(len(rest)) {
		return nil, errCBOR
	}
	return rest, nil
}
