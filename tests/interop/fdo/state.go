// state.go -- what the go-fdo library asks its host to remember, in memory.
package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/cose"
	"github.com/fido-device-onboard/go-fdo/kex"
	"github.com/fido-device-onboard/go-fdo/protocol"
	"github.com/fido-device-onboard/go-fdo/serviceinfo"
)

type tokenKey struct{}

// session is the state of one run of DI, TO0, TO1 or TO2.
type session struct {
	chain              []*x509.Certificate
	header             *fdo.VoucherHeader
	to0, to1           protocol.Nonce
	guid, newGUID      protocol.GUID
	rv                 [][]protocol.RvInstruction
	hmac               *protocol.Hmac
	suite              kex.Suite
	kex                []byte
	proveDevice, setup protocol.Nonce
	mtu                uint16
	devmod             serviceinfo.Devmod
	modules            []string
	devmodDone         bool
	module             int
	running            serviceinfo.OwnerModule
	runningName        string
}

type blob struct {
	to1d    *cose.Sign1[protocol.To1d, []byte]
	voucher *fdo.Voucher
	until   time.Time
}

type state struct {
	mu       sync.Mutex
	sessions map[string]*session
	vouchers map[protocol.GUID]*fdo.Voucher
	blobs    map[protocol.GUID]blob
	owner    crypto.Signer
	chain    []*x509.Certificate
	finished []string // GUIDs that completed TO2, as hex
}

func newState(owner crypto.Signer, chain []*x509.Certificate) *state {
	return &state{sessions: map[string]*session{}, vouchers: map[protocol.GUID]*fdo.Voucher{},
		blobs: map[protocol.GUID]blob{}, owner: owner, chain: chain}
}

// with runs f on the context's session under the lock.
func (s *state) with(ctx context.Context, f func(*session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := ctx.Value(tokenKey{}).(string)
	x := s.sessions[token]
	if x == nil {
		return fdo.ErrNotFound
	}
	return f(x)
}

func set[T any](s *state, ctx context.Context, field func(*session) *T, v T) error {
	return s.with(ctx, func(x *session) error { *field(x) = v; return nil })
}

func get[T any](s *state, ctx context.Context, field func(*session) *T) (v T, err error) {
	err = s.with(ctx, func(x *session) error { v = *field(x); return nil })
	return v, err
}

func (s *state) NewToken(context.Context, protocol.Protocol) (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	token := hex.EncodeToString(b)
	s.mu.Lock()
	s.sessions[token] = &session{}
	s.mu.Unlock()
	return token, nil
}

func (s *state) InvalidateToken(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := ctx.Value(tokenKey{}).(string)
	if s.sessions[token] == nil {
		return fdo.ErrNotFound
	}
	delete(s.sessions, token)
	return nil
}

func (s *state) TokenContext(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

func (s *state) TokenFromContext(ctx context.Context) (string, bool) {
	token, ok := ctx.Value(tokenKey{}).(string)
	return token, ok
}

func (s *state) SetDeviceCertChain(ctx context.Context, c []*x509.Certificate) error {
	return set(s, ctx, func(x *session) *[]*x509.Certificate { return &x.chain }, c)
}
func (s *state) DeviceCertChain(ctx context.Context) ([]*x509.Certificate, error) {
	return get(s, ctx, func(x *session) *[]*x509.Certificate { return &x.chain })
}
func (s *state) SetIncompleteVoucherHeader(ctx context.Context, h *fdo.VoucherHeader) error {
	return set(s, ctx, func(x *session) **fdo.VoucherHeader { return &x.header }, h)
}
func (s *state) IncompleteVoucherHeader(ctx context.Context) (*fdo.VoucherHeader, error) {
	return get(s, ctx, func(x *session) **fdo.VoucherHeader { return &x.header })
}
func (s *state) SetTO0SignNonce(ctx context.Context, n protocol.Nonce) error {
	return set(s, ctx, func(x *session) *protocol.Nonce { return &x.to0 }, n)
}
func (s *state) TO0SignNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(s, ctx, func(x *session) *protocol.Nonce { return &x.to0 })
}
func (s *state) SetTO1ProofNonce(ctx context.Context, n protocol.Nonce) error {
	return set(s, ctx, func(x *session) *protocol.Nonce { return &x.to1 }, n)
}
func (s *state) TO1ProofNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(s, ctx, func(x *session) *protocol.Nonce { return &x.to1 })
}
func (s *state) SetGUID(ctx context.Context, g protocol.GUID) error {
	return set(s, ctx, func(x *session) *protocol.GUID { return &x.guid }, g)
}
func (s *state) GUID(ctx context.Context) (protocol.GUID, error) {
	return get(s, ctx, func(x *session) *protocol.GUID { return &x.guid })
}
func (s *state) SetRvInfo(ctx context.Context, rv [][]protocol.RvInstruction) error {
	return set(s, ctx, func(x *session) *[][]protocol.RvInstruction { return &x.rv }, rv)
}
func (s *state) RvInfo(ctx context.Context) ([][]protocol.RvInstruction, error) {
	return get(s, ctx, func(x *session) *[][]protocol.RvInstruction { return &x.rv })
}
func (s *state) SetReplacementGUID(ctx context.Context, g protocol.GUID) error {
	return set(s, ctx, func(x *session) *protocol.GUID { return &x.newGUID }, g)
}
func (s *state) ReplacementGUID(ctx context.Context) (protocol.GUID, error) {
	return get(s, ctx, func(x *session) *protocol.GUID { return &x.newGUID })
}
func (s *state) SetReplacementHmac(ctx context.Context, h protocol.Hmac) error {
	return set(s, ctx, func(x *session) **protocol.Hmac { return &x.hmac }, &h)
}

// ReplacementHmac is not found when the device reused its credential.
func (s *state) ReplacementHmac(ctx context.Context) (protocol.Hmac, error) {
	h, err := get(s, ctx, func(x *session) **protocol.Hmac { return &x.hmac })
	if err != nil || h == nil {
		return protocol.Hmac{}, errors.Join(err, fdo.ErrNotFound)
	}
	return *h, nil
}

// The library wipes a session after each call, so it is kept as bytes.
func (s *state) SetXSession(ctx context.Context, suite kex.Suite, k kex.Session) error {
	bytes, err := k.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	return s.with(ctx, func(x *session) error { x.suite, x.kex = suite, bytes; return nil })
}
func (s *state) XSession(ctx context.Context) (suite kex.Suite, k kex.Session, err error) {
	err = s.with(ctx, func(x *session) error {
		suite = x.suite
		k = suite.New(nil, kex.A128GcmCipher) // the bytes name the real one
		return k.(encoding.BinaryUnmarshaler).UnmarshalBinary(x.kex)
	})
	return suite, k, err
}
func (s *state) SetProveDeviceNonce(ctx context.Context, n protocol.Nonce) error {
	return set(s, ctx, func(x *session) *protocol.Nonce { return &x.proveDevice }, n)
}
func (s *state) ProveDeviceNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(s, ctx, func(x *session) *protocol.Nonce { return &x.proveDevice })
}
func (s *state) SetSetupDeviceNonce(ctx context.Context, n protocol.Nonce) error {
	return set(s, ctx, func(x *session) *protocol.Nonce { return &x.setup }, n)
}
func (s *state) SetupDeviceNonce(ctx context.Context) (protocol.Nonce, error) {
	return get(s, ctx, func(x *session) *protocol.Nonce { return &x.setup })
}
func (s *state) SetMTU(ctx context.Context, mtu uint16) error {
	return set(s, ctx, func(x *session) *uint16 { return &x.mtu }, mtu)
}
func (s *state) MTU(ctx context.Context) (uint16, error) {
	return get(s, ctx, func(x *session) *uint16 { return &x.mtu })
}
func (s *state) SetDevmod(ctx context.Context, d serviceinfo.Devmod, modules []string, complete bool) error {
	return s.with(ctx, func(x *session) error { x.devmod, x.modules, x.devmodDone = d, modules, complete; return nil })
}
func (s *state) Devmod(ctx context.Context) (d serviceinfo.Devmod, modules []string, complete bool, err error) {
	err = s.with(ctx, func(x *session) error { d, modules, complete = x.devmod, x.modules, x.devmodDone; return nil })
	return d, modules, complete, err
}

func (s *state) SetRVBlob(_ context.Context, v *fdo.Voucher, to1d *cose.Sign1[protocol.To1d, []byte], until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[v.Header.Val.GUID] = blob{to1d, v, until}
	return nil
}
func (s *state) RVBlob(_ context.Context, g protocol.GUID) (*cose.Sign1[protocol.To1d, []byte], *fdo.Voucher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[g]
	if !ok || time.Now().After(b.until) {
		return nil, nil, fdo.ErrNotFound
	}
	return b.to1d, b.voucher, nil
}
func (s *state) OwnerKey(context.Context, protocol.KeyType, int) (crypto.Signer, []*x509.Certificate, error) {
	return s.owner, s.chain, nil
}
func (s *state) AddVoucher(_ context.Context, v *fdo.Voucher) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vouchers[v.Header.Val.GUID] = v
	return nil
}
func (s *state) Voucher(_ context.Context, g protocol.GUID) (*fdo.Voucher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.vouchers[g]; v != nil {
		return v, nil
	}
	return nil, fdo.ErrNotFound
}
func (s *state) ReplaceVoucher(_ context.Context, g protocol.GUID, v *fdo.Voucher) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.vouchers, g)
	s.vouchers[v.Header.Val.GUID] = v
	s.finished = append(s.finished, hex.EncodeToString(g[:]))
	return nil
}
