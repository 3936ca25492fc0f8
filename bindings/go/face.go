package imprint

import (
	"fmt"
	"sync"
	"time"

	"imprint.dev/imprint/internal/low"
)

// Config says which stack to build and how large.
type Config struct {
	// Stack as it is spoken, "top/layer/layer": "fdo/http".  "/http": you
	// stand on top; "fdo": you carry its messages; a comma begins another link.
	Stack string
	Role  string // "device" (also ""), "owner", "relay", "maker", "rendezvous"

	MaxMsg    int // largest whole message, bytes; 0: 65,535
	MaxChain  int // largest certificate chain, bytes; 0: 8,192
	Exchanges int // requests in flight; 0: 4

	// Crypto is "": OpenSSL, libsodium and BearSSL, whichever can; or one of
	// them by name.
	Crypto string

	// Clock, if not nil, stands in for this machine's: milliseconds of a clock
	// that never goes back, and seconds since 1970 (0: unknown).
	Clock func() (ms, unix uint64)
}

// Face is one session of C, fed and drained by hand.  Session is the usual way
// to run one; a Face is for tests and for other event loops.  Its methods may
// be called from any goroutine, one after the other.
type Face struct {
	mu    sync.Mutex
	f     low.Struct_SS_imp_face
	clock func() (ms, unix uint64)
	in    []byte
	last  head
}

var epoch = time.Now()

func systemClock() (ms, unix uint64) {
	now := time.Now()
	return uint64(now.Sub(epoch).Milliseconds()) + 1, uint64(now.Unix())
}

// No number that C would cut short.
func size(n int) uint {
	return uint(min(max(n, 0), 1<<31-1))
}

// NewFace builds a session; what does not exist or does not fit is in the
// error.
func NewFace(c Config) (*Face, error) {
	p := low.Imp_face_new(c.Stack, c.Role, size(c.MaxMsg), size(c.MaxChain), size(c.Exchanges), c.Crypto)
	if p == nil || p.Swigcptr() == 0 {
		return nil, &Error{Status: ENoSpc}
	}
	if why := low.Imp_face_why(p); why != "" {
		low.Imp_face_free(p)
		return nil, &Error{Status: EArg, Reason: why}
	}
	f := &Face{f: p, clock: c.Clock, last: head{deadline: never}}
	if f.clock == nil {
		f.clock = systemClock
	}
	return f, nil
}

// Close erases and frees the session.  Every later call is EOver.
func (f *Face) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f != nil {
		low.Imp_face_free(f.f)
		clear(f.in)
		f.f = nil
	}
	return nil
}

// Feed gives messages to the session, in one crossing into C, and returns what
// it has to say.  The error is why a message was not taken (the ones after it
// were not fed); how the session ends is said by its Done message.
func (f *Face) Feed(msgs ...Msg) ([]Msg, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil, EOver
	}
	f.in = f.in[:0]
	for i := range msgs {
		f.in = msgs[i].append(f.in)
	}
	ms, unix := f.clock()
	h, out := parseOutput(low.Imp_face_run(f.f, ms, unix, f.in))
	f.last = h
	if h.refused != OK {
		return out, &Error{Status: h.refused, Where: low.Imp_face_where(f.f)}
	}
	return out, nil
}

const never = ^uint64(0)

// Wait is how long until the session wants a Tick; false: it wants none.
func (f *Face) Wait() (time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil || f.last.deadline == never {
		return 0, false
	}
	now, _ := f.clock()
	if f.last.deadline <= now {
		return 0, true
	}
	return time.Duration(min(f.last.deadline-now, 1<<40)) * time.Millisecond, true
}

// Status is the session's own: OK while it runs.
func (f *Face) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last.status
}

// Where it broke: "imp.fdo.prove_device: EBADMSG", or "".
func (f *Face) Where() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return ""
	}
	return low.Imp_face_where(f.f)
}

// State is the name of the present state of one layer of the stack, or "".
func (f *Face) State(layer string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return ""
	}
	return low.Imp_face_state(f.f, layer)
}

// Many says whether this fact has entries, that the Code of its Ask and Learn
// counts, or bytes, of which Code is the offset.
func (f *Face) Many(t Topic, name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.f != nil && low.Imp_face_many(f.f, int(t), name) != 0
}

// Verdict is what triage says of a message for which there is no session yet.
type Verdict int32

const (
	VerdictDrop   Verdict = iota // not for us
	VerdictKnown                 // Key names a living session; if it is gone: Reply
	VerdictFresh                 // make a session under Key
	VerdictBounce                // only Reply, keep nothing
)

// Sorted is a message after triage.
type Sorted struct {
	Verdict Verdict
	Key     string // of the session
	Hint    string // by which to choose a stack: for FDO "di", "to0", "to1", "to2"
	Reply   *Msg   // to be fed to where the message came from
}

// Triage sorts a first message without keeping anything.  secret: the present
// and the previous 32 random bytes of this server.
func (f *Face) Triage(secret *[64]byte, rx Msg) (Sorted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return Sorted{}, EOver
	}
	f.in = rx.append(f.in[:0])
	ms, _ := f.clock()
	h, out := parseOutput(low.Imp_face_triage(f.f, "", ms, secret[:], f.in))
	if h.refused != OK {
		return Sorted{}, &Error{Status: h.refused, Reason: "triage"}
	}
	s := Sorted{Verdict: Verdict(out[0].Code), Key: out[0].Name, Hint: string(out[0].Data)}
	if len(out) > 1 {
		s.Reply = &out[1]
	}
	return s, nil
}

// Derive is key material of the channel that came last out of this Face on
// this link.  Only of a stack without a top, until the next Feed.
func (f *Face) Derive(link int, label string, context []byte, n int) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil, EOver
	}
	if link < 0 || link > 3 || n < 0 {
		return nil, EArg
	}
	return take(low.Imp_face_derive(f.f, uint16(link), label, context, int64(n)))
}

// Freeze is the session as bytes, encrypted under key.
func (f *Face) Freeze(key *[32]byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil, EOver
	}
	return take(low.Imp_face_freeze(f.f, key[:]))
}

// Thaw makes this session what another of the same Config was.  shift: how
// many milliseconds that one's clock was behind this one's.
func (f *Face) Thaw(key *[32]byte, frozen []byte, shift int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return EOver
	}
	if st := Status(low.Imp_face_thaw(f.f, key[:], frozen, shift)); st != OK {
		return &Error{Status: st, Reason: "thaw"}
	}
	f.last = head{status: Status(low.Imp_face_status(f.f)), deadline: low.Imp_face_deadline(f.f)}
	return nil
}

// Size is how many bytes of memory the session has.
func (f *Face) Size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return 0
	}
	return int(low.Imp_face_need(f.f))
}

// The bytes of a blob, which is freed.
func take(b low.Struct_SS_imp_blob) ([]byte, error) {
	st, bytes := Status(low.Imp_blob_status(b)), low.Imp_blob_bytes(b)
	low.Imp_blob_free(b)
	if st < 0 {
		if len(bytes) > 0 {
			return nil, &Error{Status: st, Reason: string(bytes)}
		}
		return nil, st
	}
	return bytes, nil
}

// Load takes a plugin that is a module: its layers are found by name from then
// on.  It stays for the life of the process.
func Load(path string) error {
	if _, err := take(low.Imp_face_load(path)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
