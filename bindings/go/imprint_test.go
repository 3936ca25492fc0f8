package imprint_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"imprint.dev/imprint"
	"imprint.dev/imprint/fdo"
)

// yes lets everybody in.
func yes(context.Context, string, []byte) ([]byte, error) { return nil, nil }

// A world: a factory, and an owner behind net/http.
type world struct {
	factory *fdo.Factory
	facts   *imprint.Facts // the owner's
	server  *imprint.Server
	url     string
	host    string
	port    int
}

func newWorld(t testing.TB, policy imprint.Policy) *world {
	t.Helper()
	f, err := fdo.NewFactory()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{factory: f, facts: imprint.NewFacts()}
	w.server = &imprint.Server{Stack: "fdo", MaxSessions: 20000, Choose: func(hint string) (imprint.Config, func(*imprint.Session) imprint.Host, error) {
		if hint != "to2" {
			return imprint.Config{}, nil, imprint.EUnsup
		}
		return imprint.Config{Role: "owner", MaxMsg: 4096, MaxChain: 2048}, func(s *imprint.Session) imprint.Host { return w.facts.Host(s, policy) }, nil
	}}
	t.Cleanup(func() { w.server.Close() })
	return w
}

func (w *world) listen(t testing.TB) {
	h := httptest.NewServer(w.server)
	t.Cleanup(h.Close)
	a := h.Listener.Addr().(*net.TCPAddr)
	w.host, w.port, w.url = a.IP.String(), a.Port, h.URL
}

// A device that this world's owner owns.
func (w *world) device(t testing.TB) *fdo.Device {
	t.Helper()
	owner := fdo.NewKey()
	if _, ok := w.facts.Get(imprint.TopicKey, fdo.KeyName); ok {
		t.Fatal("one device with a key of its own, or devices()")
	}
	w.facts.Set(imprint.TopicKey, fdo.KeyName, fdo.Key(owner))
	d, err := w.factory.Make("lamp", fdo.Bypass(w.host, w.port))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Voucher.Extend(w.factory.Maker, &owner.PublicKey); err != nil {
		t.Fatal(err)
	}
	d.Voucher.Put(w.facts)
	return d
}

func deviceSession(t testing.TB, c imprint.Config, below imprint.Carrier) *imprint.Session {
	t.Helper()
	s, err := imprint.NewSession(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Carrier = below
	t.Cleanup(func() { s.Close() })
	return s
}

var start = imprint.Msg{Verb: imprint.VerbStart}

func TestOnboardOverStreams(t *testing.T) {
	w := newWorld(t, imprint.Policy{Authorize: yes})
	w.listen(t)
	d := w.device(t)
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
	if err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Facts.Get(imprint.TopicOwner, "fdo.owner"); !ok {
		t.Error("the device does not know its owner")
	}
	if os, _ := w.facts.Get(imprint.TopicConfig, d.GUID+"/devmod/os"); string(os) != "\x65linux" {
		t.Errorf("what devmod said of os: %q", os)
	}
	if _, ok := w.facts.Get(imprint.TopicOwner, d.GUID); !ok {
		t.Error("the owner does not know the device's new name")
	}
}

func TestOnboardOverREST(t *testing.T) {
	w := newWorld(t, imprint.Policy{Authorize: yes})
	w.listen(t)
	d := w.device(t)
	s := deviceSession(t, imprint.Config{Stack: "fdo"}, &imprint.REST{})
	if err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start); err != nil {
		t.Fatal(err)
	}
}

// A cut: our own HTTP server over net.Conn in front, one session for each
// connection, and the owner's sessions behind it.
func TestCut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, imprint.Policy{Authorize: yes})
	a := l.Addr().(*net.TCPAddr)
	w.host, w.port = a.IP.String(), a.Port
	d := w.device(t)
	owner := deviceSession(t, imprint.Config{Stack: "fdo", Role: "owner"}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	onboarded := make(chan error, 1)
	all.Go(func() {
		onboarded <- owner.Run(ctx, w.facts.Host(owner, imprint.Policy{Authorize: yes}), imprint.Msg{Verb: imprint.VerbStart, Name: "0123456789abcdef"})
	})
	front := func(conn net.Conn) {
		s := deviceSession(t, imprint.Config{Stack: "/http", Role: "owner"}, nil)
		streams := &imprint.Streams{}
		s.Carrier = streams
		streams.Serve(s, conn)
		s.Run(ctx, imprint.Funcs{OnRise: func(_ context.Context, rx imprint.Msg) {
			if rx.Verb != imprint.VerbRX {
				return
			}
			ticket := rx.Ticket
			all.Go(func() {
				m, err := owner.Exchange(ctx, rx)
				if err != nil {
					m = imprint.Msg{Verb: imprint.VerbAnswer, Code: 503, Topic: imprint.NoFormat}
				}
				m.Ticket = ticket
				s.Feed(m)
			})
		}}, imprint.Msg{Verb: imprint.VerbUp})
		s.Close()
	}
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { front(conn) })
		}
	})
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
	if err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start); err != nil {
		t.Error("the device: ", err)
	}
	if err := <-onboarded; err != nil {
		t.Error("the owner: ", err)
	}
	l.Close()
	cancel()
	all.Wait()
}

// Time is an argument: an owner's session gives its device 30 seconds.
func TestClock(t *testing.T) {
	now := uint64(1000)
	face := deviceSession(t, imprint.Config{Stack: "fdo", Role: "owner", Clock: func() (ms, unix uint64) { return now, 0 }}, nil).Face
	if _, err := face.Feed(imprint.Msg{Verb: imprint.VerbStart, Name: "0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	wait, ok := face.Wait()
	if !ok || wait != 30*time.Second {
		t.Fatalf("waits %v, %v", wait, ok)
	}
	now += 29_999
	if out, err := face.Feed(imprint.Msg{Verb: imprint.VerbTick}); len(out) != 0 || err != nil {
		t.Errorf("too early: %v, %v", out, err)
	}
	now++
	out, err := face.Feed(imprint.Msg{Verb: imprint.VerbTick})
	if err != nil || len(out) != 1 || out[0].Verb != imprint.VerbDone || imprint.Status(out[0].Code) != imprint.ETime {
		t.Errorf("%v, %v: expected Done(ETime)", out, err)
	}
	if face.Status() != imprint.ETime {
		t.Errorf("status %v", face.Status())
	}
}

func TestPolicyRefuses(t *testing.T) {
	for name, policy := range map[string]imprint.Policy{
		"no policy": {},
		"it said no": {Authorize: func(context.Context, string, []byte) ([]byte, error) {
			return nil, imprint.EDenied
		}},
		"it broke": {Authorize: func(context.Context, string, []byte) ([]byte, error) {
			return nil, errors.New("the database is away")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, policy)
			ended := make(chan error, 1)
			w.server.Ended = func(err error) { ended <- err }
			w.listen(t)
			d := w.device(t)
			s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
			before, _ := d.Facts.Get(imprint.TopicVoucher, "fdo.credential")
			err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start)
			if !errors.Is(err, imprint.EPeer) {
				t.Errorf("the device ended with %v, not EPeer", err)
			}
			if err := <-ended; !errors.Is(err, imprint.EDenied) {
				t.Errorf("the owner ended with %v, not EDenied", err)
			}
			if after, _ := d.Facts.Get(imprint.TopicVoucher, "fdo.credential"); !bytes.Equal(before, after) {
				t.Error("the device's credential changed")
			}
		})
	}
}

// Authorization that comes later, from another goroutine.
func TestAnswerLater(t *testing.T) {
	var asked atomic.Bool
	w := newWorld(t, imprint.Policy{Ask: func(ctx context.Context, q *imprint.Question) bool {
		if q.Topic != imprint.TopicAuthorize {
			return false
		}
		asked.Store(true)
		time.AfterFunc(50*time.Millisecond, func() { q.Answer(nil); q.Refuse(imprint.EDenied) })
		return true
	}})
	w.listen(t)
	d := w.device(t)
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
	if err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start); err != nil || !asked.Load() {
		t.Fatal(err, asked.Load())
	}
}

// Nobody listens: a good end that says when to come back.
func TestLater(t *testing.T) {
	w := newWorld(t, imprint.Policy{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.host, w.port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	l.Close()
	d := w.device(t)
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
	err = s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start)
	var e *imprint.Error
	if !errors.Is(err, imprint.Later) || !errors.As(err, &e) || e.After == 0 {
		t.Fatalf("%v: expected Later, with a time", err)
	}
}

func TestMissingBelief(t *testing.T) {
	w := newWorld(t, imprint.Policy{})
	d := w.device(t)
	d.Facts.Forget(imprint.TopicKey, "fdo.attestation")
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, &imprint.Streams{})
	err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start)
	if !errors.Is(err, imprint.EFact) || !strings.Contains(err.Error(), "fdo.attestation") {
		t.Fatalf("%v: expected EFact that names it", err)
	}
}

func TestCancel(t *testing.T) {
	hung := make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
	defer h.Close()
	defer close(hung)
	why := errors.New("the user went home")
	for name, below := range map[string]func() imprint.Carrier{"fdo/http": func() imprint.Carrier { return &imprint.Streams{} }, "fdo": func() imprint.Carrier { return &imprint.REST{} }} {
		w := newWorld(t, imprint.Policy{})
		a := h.Listener.Addr().(*net.TCPAddr)
		w.host, w.port = a.IP.String(), a.Port
		d := w.device(t)
		s := deviceSession(t, imprint.Config{Stack: name}, below())
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
		began := time.Now()
		if err := s.Run(ctx, d.Facts.Host(s, imprint.Policy{}), start); !errors.Is(err, why) {
			t.Errorf("%s: %v, not the context's cause", name, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Face.Feed(start); !errors.Is(err, imprint.EOver) {
			t.Errorf("after Close: %v, not EOver", err)
		}
	}
}

// Close ends a Run, and does not wait for one that never was.
func TestClose(t *testing.T) {
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, nil)
	asked := make(chan struct{})
	time.AfterFunc(time.Millisecond, func() { <-asked; s.Close() })
	never := imprint.Funcs{OnAsk: func(context.Context, *imprint.Question) { close(asked) }}
	if err := s.Run(t.Context(), never, start); !errors.Is(err, imprint.EOver) {
		t.Errorf("Run after Close: %v", err)
	}
	if err := s.Run(t.Context(), imprint.Funcs{}, start); !errors.Is(err, imprint.EOver) {
		t.Errorf("a second Run: %v", err)
	}
	here, there := net.Pipe()
	defer there.Close()
	streams := &imprint.Streams{}
	s = deviceSession(t, imprint.Config{Stack: "/http"}, streams)
	streams.Serve(s, here)
	there.Write([]byte("GET / HTTP/1.1\r\n")) // read, and nobody takes it
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A session whose links want to repeat a last message lives on for a while.
func TestLinger(t *testing.T) {
	s := deviceSession(t, imprint.Config{Stack: "fdo/http"}, nil)
	s.Linger = time.Hour // http has nothing to repeat: it ends at once
	began := time.Now()
	if err := s.Run(t.Context(), imprint.Funcs{}, start); !errors.Is(err, imprint.EFact) {
		t.Error(err)
	}
	if time.Since(began) > time.Minute {
		t.Error("it lingered for nothing")
	}
}

func TestWrongNames(t *testing.T) {
	for _, c := range []struct {
		config imprint.Config
		says   []string
	}{
		{imprint.Config{Stack: "fod/http"}, []string{"no layer is called 'fod'", "nearest: fdo", "http"}},
		{imprint.Config{Stack: "fdo/http", Role: "relay"}, []string{"'relay' in fdo", "rendezvous"}},
		{imprint.Config{Stack: "fdo/http/http"}, []string{"http does not stand on http"}},
		{imprint.Config{Stack: "fdo/http", Crypto: "opensll"}, []string{"nearest: openssl"}},
		{imprint.Config{Stack: "fdo/http", MaxMsg: 1 << 40}, []string{"16 MiB"}},
		{imprint.Config{}, []string{"empty"}},
	} {
		_, err := imprint.NewFace(c.config)
		if !errors.Is(err, imprint.EArg) {
			t.Errorf("%+v: %v, not EArg", c.config, err)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%+v: %v: does not say %q", c.config, err, s)
			}
		}
	}
}

// The numbers that Go writes down are C's.
func TestNumbers(t *testing.T) {
	c, err := imprint.Built()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Layers) == 0 || len(c.Plugins) == 0 || c.ABI == 0 {
		t.Fatalf("an empty catalogue: %+v", c)
	}
	check := func(table string, n int, said string) {
		for name, number := range c.Names[table] {
			if number == n && name != said {
				t.Errorf("%s %d is %q in C, %q here", table, n, name, said)
			}
		}
	}
	for name, n := range c.Names["topics"] {
		check("topics", n, imprint.Topic(n).String())
		check("topics", n, name)
	}
	for want, n := range map[string]int{"rx": int(imprint.VerbRX), "up": int(imprint.VerbUp), "down": int(imprint.VerbDown), "ask": int(imprint.VerbAsk), "tell": int(imprint.VerbTell),
		"learn": int(imprint.VerbLearn), "done": int(imprint.VerbDone), "tx": int(imprint.VerbTX), "open": int(imprint.VerbOpen), "shut": int(imprint.VerbShut),
		"answer": int(imprint.VerbAnswer), "start": int(imprint.VerbStart), "tick": int(imprint.VerbTick), "stop": int(imprint.VerbStop)} {
		if c.Names["verbs"][want] != n {
			t.Errorf("verb %s is %d here", want, n)
		}
	}
	for want, n := range map[string]imprint.Topic{"authorize": imprint.TopicAuthorize, "choose": imprint.TopicChoose, "verify": imprint.TopicVerify, "show": imprint.TopicShow, "read": imprint.TopicRead,
		"route": imprint.TopicRoute, "identity": imprint.TopicIdentity, "key": imprint.TopicKey, "chain": imprint.TopicChain, "anchor": imprint.TopicAnchor, "peerkey": imprint.TopicPeerKey,
		"network": imprint.TopicNetwork, "server": imprint.TopicServer, "voucher": imprint.TopicVoucher, "owner": imprint.TopicOwner, "access": imprint.TopicAccess, "config": imprint.TopicConfig,
		"image": imprint.TopicImage, "assoc": imprint.TopicAssoc, "counter": imprint.TopicCounter, "sign": imprint.TopicSign, "issue": imprint.TopicIssue, "keys": imprint.TopicKeys,
		"sim": imprint.TopicSIM, "run": imprint.TopicRun} {
		if c.Names["topics"][want] != int(n) {
			t.Errorf("topic %s is %d here", want, n)
		}
	}
	for want, n := range map[string]imprint.Flags{"more": imprint.FlagMore, "now": imprint.FlagNow, "secret": imprint.FlagSecret, "group": imprint.FlagGroup, "forget": imprint.FlagForget,
		"proviso": imprint.FlagProviso, "list": imprint.FlagList} {
		if c.Names["flags"][want] != int(n) {
			t.Errorf("flag %s is %d here", want, n)
		}
	}
	for want, n := range map[string]imprint.Status{"OK": imprint.OK, "LATER": imprint.Later, "EBADMSG": imprint.EBadMsg, "EAUTH": imprint.EAuth, "EDENIED": imprint.EDenied, "EPROTO": imprint.EProto,
		"EUNSUP": imprint.EUnsup, "ENOSPC": imprint.ENoSpc, "EARG": imprint.EArg, "ETIME": imprint.ETime, "ELINK": imprint.ELink, "EPEER": imprint.EPeer, "ERANDOM": imprint.ERandom,
		"EFACT": imprint.EFact, "EOVER": imprint.EOver} {
		if c.Names["statuses"][want] != int(n) || n.Name() != want {
			t.Errorf("status %s is %d here, and its name %q", want, n, n.Name())
		}
	}
}

func TestCrypto(t *testing.T) {
	for _, c := range []imprint.Crypto{"", "openssl", "bearssl"} {
		priv, pub, err := c.GenerateKey(imprint.P256)
		if err != nil {
			t.Fatal(c, err)
		}
		sig, err := c.Sign(imprint.ES256, priv, []byte("abc"))
		if err != nil {
			t.Fatal(c, err)
		}
		if err := c.Verify(imprint.ES256, pub, []byte("abc"), sig); err != nil {
			t.Error(c, err)
		}
		if err := c.Verify(imprint.ES256, pub, []byte("abd"), sig); !errors.Is(err, imprint.EAuth) {
			t.Error(c, err)
		}
		if _, err := c.Sign(imprint.ES256, []byte("no key"), nil); !errors.Is(err, imprint.EArg) {
			t.Error(c, err)
		}
		key, nonce := make([]byte, 16), make([]byte, 12)
		sealed, err := c.Seal(imprint.A128GCM, key, nonce, nil, []byte("plain"))
		if err != nil {
			t.Fatal(c, err)
		}
		plain, err := c.Open(imprint.A128GCM, key, nonce, nil, sealed)
		if err != nil || string(plain) != "plain" {
			t.Error(c, err, plain)
		}
		sealed[0] ^= 1
		if _, err := c.Open(imprint.A128GCM, key, nonce, nil, sealed); !errors.Is(err, imprint.EAuth) {
			t.Error(c, err)
		}
	}
	if _, err := imprint.Crypto("none").Random(4); !errors.Is(err, imprint.EArg) {
		t.Error(err)
	}
}

func TestFreeze(t *testing.T) {
	c := imprint.Config{Stack: "fdo/http"}
	f, g := deviceSession(t, c, nil).Face, deviceSession(t, c, nil).Face
	key := &[32]byte{1}
	asks, err := f.Feed(start)
	if err != nil || len(asks) != 1 || asks[0].Topic != imprint.TopicVoucher || asks[0].Name != "fdo.credential" {
		t.Fatal(asks, err)
	}
	ice, err := f.Freeze(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Thaw(&[32]byte{2}, ice, 0); !errors.Is(err, imprint.EAuth) {
		t.Error(err)
	}
	if err := g.Thaw(key, ice[1:], 0); !errors.Is(err, imprint.EAuth) {
		t.Error(err)
	}
	if err := g.Thaw(key, ice, 0); err != nil {
		t.Fatal(err)
	}
	out, err := g.Feed(imprint.Msg{Verb: imprint.VerbAnswer, Ticket: asks[0].Ticket, Code: int32(imprint.EFact)})
	if err != nil || len(out) != 1 || out[0].Verb != imprint.VerbDone || imprint.Status(out[0].Code) != imprint.EFact {
		t.Error(out, err)
	}
}

// local carries a device's requests straight into a server's handler.
type local struct {
	h    http.Handler
	wait sync.WaitGroup
}

func (l *local) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	l.h.ServeHTTP(w, r)
	return w.Result(), nil
}

// One goroutine for each session: 10,000 devices, all alive at once, and for
// each of them an owner's session, in one process.
func TestManySessions(t *testing.T) {
	sessions := 10000
	if testing.Short() {
		sessions = 200
	}
	w := newWorld(t, imprint.Policy{Authorize: yes})
	w.host, w.port = "owner", 80
	d := w.device(t)
	client := &http.Client{Transport: &local{h: w.server}}
	gate := make(chan struct{})
	turns := make(chan struct{}, 256) // servers give up on who is silent for 30 s
	var ready, end sync.WaitGroup
	var good, most atomic.Int64
	fails := make(chan error, sessions)
	for range sessions {
		s := deviceSession(t, imprint.Config{Stack: "fdo", MaxMsg: 4096, MaxChain: 2048}, &imprint.REST{Client: client})
		// Every device has the same credential: they are one device, often.
		asked := false
		host := d.Facts.Host(s, imprint.Policy{Ask: func(_ context.Context, q *imprint.Question) bool {
			if q.Topic == imprint.TopicVoucher && q.Name == "fdo.credential" && !asked {
				asked = true
				ready.Done()
				go func() { <-gate; turns <- struct{}{}; data, _ := d.Facts.Get(q.Topic, q.Name); q.Answer(data) }()
				return true
			}
			return false
		}})
		ready.Add(1)
		end.Add(1)
		go func() {
			defer end.Done()
			err := s.Run(t.Context(), discard{host}, start)
			<-turns
			if err == nil {
				good.Add(1)
			} else {
				fails <- err
			}
			most.Store(max(most.Load(), int64(w.server.Sessions())))
		}()
	}
	ready.Wait() // all of them are alive
	close(gate)
	end.Wait()
	if int(good.Load()) != sessions {
		t.Fatalf("%d of %d onboarded; the first that did not: %v", good.Load(), sessions, <-fails)
	}
	t.Logf("%d onboarded; server sessions at once: at least %d", sessions, most.Load())
}

// discard keeps nothing, so that one credential serves many devices.
type discard struct{ imprint.Host }

func (d discard) Learn(context.Context, imprint.Msg) error { return nil }
func (d discard) End(context.Context, error) error         { return nil }

// --- any bytes -----------------------------------------------------------------

var verbs = []imprint.Verb{imprint.VerbRX, imprint.VerbUp, imprint.VerbDown, imprint.VerbAsk, imprint.VerbTell, imprint.VerbLearn, imprint.VerbDone, imprint.VerbTX, imprint.VerbOpen,
	imprint.VerbShut, imprint.VerbAnswer, imprint.VerbStart, imprint.VerbTick, imprint.VerbStop, 0, 0x7f, 0xff}

func junk(r *rand.Rand, n int) []byte {
	b := make([]byte, r.IntN(n))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func junkMsg(r *rand.Rand) imprint.Msg {
	m := imprint.Msg{Verb: verbs[r.IntN(len(verbs))], Topic: imprint.Topic(r.Uint32()), Flags: imprint.Flags(r.Uint32()), Code: int32(r.Uint32()), Ticket: r.Uint32() >> r.IntN(32),
		When: r.Uint64(), Name: string(junk(r, 64)), Data: junk(r, 512)}
	if r.IntN(8) == 0 {
		m.Link = uint16(r.Uint32())
	}
	if r.IntN(4) == 0 {
		m.Channel = &imprint.Channel{Kind: r.Uint32(), PeerID: junk(r, 9), PeerChain: junk(r, 99), Binding: junk(r, 13), Exports: []imprint.Export{{Label: string(junk(r, 9)), Context: junk(r, 5), Key: junk(r, 33)}}}
	}
	return m
}

// Bits flipped, bytes lost, bytes doubled.
func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return junk(r, 16)
		}
		at := r.IntN(len(b))
		switch r.IntN(4) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2:
			b = append(b[:at], b[at+1:]...)
		case 3:
			b = append(b[:at], append(junk(r, 8), b[at:]...)...)
		}
	}
	return b
}

// What a good onboarding feeds to either side.
func record(t *testing.T) (device, owner []imprint.Msg) {
	w := newWorld(t, imprint.Policy{Authorize: yes})
	var mu sync.Mutex
	choose := w.server.Choose
	w.server.Choose = func(hint string) (imprint.Config, func(*imprint.Session) imprint.Host, error) {
		c, host, err := choose(hint)
		return c, func(s *imprint.Session) imprint.Host {
			s.Trace = func(fed bool, m imprint.Msg) {
				if mu.Lock(); fed {
					m.Data = bytes.Clone(m.Data)
					owner = append(owner, m)
				}
				mu.Unlock()
			}
			return host(s)
		}, err
	}
	w.host, w.port = "owner", 80
	d := w.device(t)
	s := deviceSession(t, imprint.Config{Stack: "fdo"}, &imprint.REST{Client: &http.Client{Transport: &local{h: w.server}}})
	s.Trace = func(fed bool, m imprint.Msg) {
		if fed {
			m.Data = bytes.Clone(m.Data)
			device = append(device, m)
		}
	}
	if err := s.Run(t.Context(), d.Facts.Host(s, imprint.Policy{}), start); err != nil {
		t.Fatal(err)
	}
	w.server.Close()
	return device, owner
}

// Every layer that is built in: protocols in each of their roles, transports
// alone.
func everyStack(t *testing.T) []imprint.Config {
	c, err := imprint.Built()
	if err != nil {
		t.Fatal(err)
	}
	var all []imprint.Config
	for _, y := range c.Layers {
		if y.Manifest == nil {
			all = append(all, imprint.Config{Stack: "/" + y.ID, MaxMsg: 4096})
			continue
		}
		for _, role := range y.Manifest.Roles {
			all = append(all, imprint.Config{Stack: y.ID, Role: role, MaxMsg: 4096})
		}
	}
	return all
}

// 100,000 messages: random ones, and those of a good run with something
// changed, at every point of it.
func TestAnyBytes(t *testing.T) {
	device, owner := record(t)
	r := rand.New(rand.NewPCG(1, 2))
	stacks := []imprint.Config{{Stack: "fdo", MaxMsg: 4096}, {Stack: "fdo", Role: "owner", MaxMsg: 4096}, {Stack: "fdo/http", MaxMsg: 4096}}
	runs := [][]imprint.Msg{device, owner, device}
	for _, c := range everyStack(t) {
		stacks, runs = append(stacks, c), append(runs, owner)
	}
	fed, taken := 0, 0
	secret := [64]byte{}
	for i := 0; fed < 100000; i++ {
		f, err := imprint.NewFace(stacks[i%len(stacks)])
		if err != nil {
			t.Fatal(stacks[i%len(stacks)], err)
		}
		run := runs[i%len(stacks)]
		var tickets []uint32
		feed := func(m imprint.Msg) {
			out, err := f.Feed(m)
			for _, m := range out {
				tickets = append(tickets, m.Ticket)
			}
			if err == nil {
				taken++
			}
		}
		for _, m := range run[:r.IntN(len(run))] {
			feed(m)
		}
		feed(imprint.Msg{Verb: []imprint.Verb{imprint.VerbStart, imprint.VerbOpen}[r.IntN(2)], Name: "coaps://[::1]:5684"})
		feed(imprint.Msg{Verb: imprint.VerbUp})
		for range 50 {
			m := junkMsg(r)
			if m.Verb == imprint.VerbAnswer && len(tickets) > 0 && r.IntN(4) > 0 {
				m.Ticket = tickets[r.IntN(len(tickets))] // somebody waits for it
				m.Code %= 2
			}
			if r.IntN(2) == 0 {
				m = run[r.IntN(len(run))]
				m.Data = mutate(r, m.Data)
				if r.IntN(4) == 0 {
					m.Name = string(mutate(r, []byte(m.Name)))
				}
			}
			feed(m)
			if r.IntN(8) == 0 {
				m.Verb = imprint.VerbRX
				f.Triage(&secret, m)
			}
			fed++
		}
		f.State("fdo")
		f.Wait()
		f.Close()
	}
	if taken < 10000 {
		t.Errorf("only %d of %d were taken: the test tests nothing", taken, fed)
	}
	t.Logf("%d fed, %d taken", fed, taken)
}

func FuzzFace(f *testing.F) {
	f.Add(uint16(imprint.VerbRX), uint16(60), int32(2), uint32(1), "/fdo/101/msg/60", []byte{0x80})
	f.Add(uint16(imprint.VerbAnswer), uint16(0), int32(0), uint32(0x1000001), "", []byte("x"))
	f.Fuzz(func(t *testing.T, verb, topic uint16, code int32, ticket uint32, name string, data []byte) {
		for _, c := range []imprint.Config{{Stack: "fdo", MaxMsg: 2048}, {Stack: "/http", MaxMsg: 2048}, {Stack: "fdo", Role: "owner", MaxMsg: 2048}} {
			face, err := imprint.NewFace(c)
			if err != nil {
				t.Fatal(err)
			}
			face.Feed(start, imprint.Msg{Verb: imprint.Verb(verb), Topic: imprint.Topic(topic), Code: code, Ticket: ticket, Name: name, Data: data})
			face.Close()
		}
	})
}

// A slice inside a Go object that has pointers is no trouble for cgo.
func TestSlicesOfAnyMemory(t *testing.T) {
	var holder struct {
		p    *int
		data [8]byte
	}
	holder.p = new(int)
	face := deviceSession(t, imprint.Config{Stack: "/http"}, nil).Face
	if _, err := face.Feed(imprint.Msg{Verb: imprint.VerbRX, Data: holder.data[:]}); err != nil {
		t.Fatal(err)
	}
	if _, err := imprint.Crypto("").Hash(imprint.SHA256, holder.data[:]); err != nil {
		t.Fatal(err)
	}
}
