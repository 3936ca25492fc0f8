package fdo

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"imprint.dev/imprint"
)

const (
	version   = 101
	secp256r1 = 10
	encX509   = 1
)

// KeyName is where an owner keeps its P-256 key.
const KeyName = "fdo.owner/secp256r1"

// Key is a P-256 key in the flat form of facts.
func Key(k *ecdsa.PrivateKey) []byte {
	return imprint.NewKey(imprint.P256, true, k.D.FillBytes(make([]byte, 32)))
}

// NewKey makes a P-256 key.
func NewKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func public(k *ecdsa.PublicKey) Raw {
	spki, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err)
	}
	return Encode([]any{secp256r1, encX509, spki})
}

func hash(parts ...[]byte) []any {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return []any{imprint.SHA256, sum[:]}
}

// Bypass is RendezvousInfo that sends the device straight to host:port.
func Bypass(host string, port int) Raw {
	variable := func(n int, v any) []any { return []any{n, Encode(v)} }
	return Encode([]any{[]any{[]any{14}, variable(5, host), variable(3, port), variable(12, 1)}})
}

// Device is a device as it leaves the factory, and its first voucher.
type Device struct {
	GUID    string // 32 hex digits
	Facts   *imprint.Facts
	Voucher *Voucher
}

// Voucher in its parts.
type Voucher struct {
	GUID    string
	Head    []byte   // fact VOUCHER GUID, entry 0
	Entries [][]byte // and the others
	header  []byte
	hmac    Raw
	info    []byte
}

// Factory is a manufacturer with its CA.
type Factory struct {
	Maker *ecdsa.PrivateKey
	ca    *x509.Certificate
}

func template(name string, ca bool) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(30, 0, 0),
		BasicConstraintsValid: true, IsCA: ca, KeyUsage: x509.KeyUsageDigitalSignature}
	if ca {
		t.KeyUsage |= x509.KeyUsageCertSign
	}
	return t
}

// NewFactory makes a manufacturer.
func NewFactory() (*Factory, error) {
	f := &Factory{Maker: NewKey()}
	t := template("a manufacturer's CA", true)
	der, err := x509.CreateCertificate(rand.Reader, t, t, &f.Maker.PublicKey, f.Maker)
	if err != nil {
		return nil, err
	}
	f.ca, err = x509.ParseCertificate(der)
	return f, err
}

// Make makes a device, as both sides of DI would have done.
func (f *Factory) Make(info string, rvinfo Raw) (*Device, error) {
	key := NewKey()
	leaf, err := x509.CreateCertificate(rand.Reader, template(info, false), f.ca, &key.PublicKey, f.Maker)
	if err != nil {
		return nil, err
	}
	guid, secret := make([]byte, 16), make([]byte, 32)
	rand.Read(guid)
	rand.Read(secret)
	header := Encode([]any{version, guid, rvinfo, info, public(&f.Maker.PublicKey), hash(leaf, f.ca.Raw)})
	mac := hmac.New(sha256.New, secret)
	mac.Write(header)
	v := &Voucher{GUID: hex.EncodeToString(guid), header: header, hmac: Encode([]any{imprint.HMAC256, mac.Sum(nil)}), info: append(bytes.Clone(guid), info...)}
	v.Head = Encode([]any{version, header, v.hmac, []any{leaf, f.ca.Raw}})
	d := &Device{GUID: v.GUID, Facts: imprint.NewFacts(), Voucher: v}
	d.Facts.Set(imprint.TopicVoucher, "fdo.credential", Encode([]any{true, version, info, guid, rvinfo, hash(public(&f.Maker.PublicKey))}))
	d.Facts.Set(imprint.TopicKey, "fdo.hmac", imprint.NewKey(imprint.HMAC256, true, secret))
	d.Facts.Set(imprint.TopicKey, "fdo.attestation", Key(key))
	d.Facts.Set(imprint.TopicConfig, "fdo.devmod", Encode([]Pair{{"os", "linux"}, {"arch", "any"}, {"version", "1"}, {"device", info}, {"sep", ";"}, {"bin", "any"}}))
	return d, nil
}

// Extend makes `to` the next owner; by is the present one's key.
func (v *Voucher) Extend(by *ecdsa.PrivateKey, to *ecdsa.PublicKey) error {
	prev := hash(v.header, v.hmac)
	if n := len(v.Entries); n > 0 {
		prev = hash(v.Entries[n-1])
	}
	payload := Encode([]any{prev, hash(v.info), nil, public(to)})
	protected := Encode([]Pair{{1, imprint.ES256}})
	sum := sha256.Sum256(Encode([]any{"Signature1", protected, []byte{}, payload}))
	r, s, err := ecdsa.Sign(rand.Reader, by, sum[:])
	if err != nil {
		return err
	}
	sig := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	v.Entries = append(v.Entries, append([]byte{0xd2}, Encode([]any{protected, []Pair{}, payload, sig})...))
	return nil
}

// Put hands the voucher to an owner.
func (v *Voucher) Put(owner *imprint.Facts) {
	owner.SetEntry(imprint.TopicVoucher, v.GUID, 0, v.Head)
	for i, e := range v.Entries {
		owner.SetEntry(imprint.TopicVoucher, v.GUID, i+1, e)
	}
}

// ReadVoucher reads one from PEM or CBOR.  Nothing is verified: that is the
// protocol's work.
func ReadVoucher(file []byte) (*Voucher, error) {
	if block, _ := pem.Decode(file); block != nil {
		if block.Type != "OWNERSHIP VOUCHER" {
			return nil, fmt.Errorf("PEM of %q, not an OWNERSHIP VOUCHER", block.Type)
		}
		file = block.Bytes
	}
	parts, err := List(file)
	if err != nil || len(parts) != 5 {
		return nil, fmt.Errorf("not an ownership voucher")
	}
	header, err := parts[1].Bytes()
	if err != nil {
		return nil, err
	}
	fields, err := List(header)
	if err != nil || len(fields) != 6 {
		return nil, fmt.Errorf("not a voucher's header")
	}
	guid, err := fields[1].Bytes()
	if err != nil || len(guid) != 16 {
		return nil, fmt.Errorf("not a voucher's GUID")
	}
	entries, err := List(parts[4])
	if err != nil {
		return nil, err
	}
	v := &Voucher{GUID: hex.EncodeToString(guid), header: header, hmac: parts[2], Head: Encode([]any{parts[0], parts[1], parts[2], parts[3]})}
	for _, e := range entries {
		v.Entries = append(v.Entries, e)
	}
	return v, nil
}
