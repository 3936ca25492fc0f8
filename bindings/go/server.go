package imprint

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is an http.Handler for protocols whose servers know their sessions by
// a token in each request (FDO): a request is sorted without state, and given
// to the session that it belongs to, or to a new one.
type Server struct {
	// Stack is the protocol without transports: "fdo".
	Stack string
	// Choose gives the configuration of a new session and its host; hint is what
	// triage says of the first message (FDO: "di", "to0", "to1", "to2").  An
	// error: the request is answered with 404.  Config.Stack may stay empty.
	Choose func(hint string) (Config, func(*Session) Host, error)
	// MaxBody is the largest request, bytes; 0: 65,535.
	MaxBody int64
	// MaxSessions is how many live at a time; 0: 10,000.  More: 503.
	MaxSessions int
	// Ended, if not nil, hears how each session ended.
	Ended func(err error)

	mu       sync.Mutex
	sorter   *Face
	sessions map[string]*Session
	secret   [64]byte
	turned   time.Time
	stop     context.CancelFunc
	ctx      context.Context
	wait     sync.WaitGroup
	closed   bool
}

// ErrClosed is what a Server that was closed says.
var ErrClosed = errors.New("imprint: the server is closed")

// begin: with the lock held.
func (v *Server) begin() error {
	if v.closed {
		return ErrClosed
	}
	if v.sorter != nil {
		return nil
	}
	f, err := NewFace(Config{Stack: v.Stack, Role: "owner"})
	if err != nil {
		return err
	}
	v.sorter = f
	v.sessions = map[string]*Session{}
	v.ctx, v.stop = context.WithCancel(context.Background())
	rand.Read(v.secret[:])
	v.turned = time.Now()
	return nil
}

// ServeHTTP takes one request.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rx, code := v.request(w, r)
	if code != 0 {
		w.WriteHeader(code)
		return
	}
	s, reply, code := v.session(rx)
	if s != nil {
		a, err := s.Exchange(r.Context(), rx)
		switch {
		case err != nil:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			respond(w, a)
		}
		return
	}
	if reply != nil {
		respond(w, *reply)
		return
	}
	w.WriteHeader(code)
}

// The message of a request, or an HTTP status.
func (v *Server) request(w http.ResponseWriter, r *http.Request) (Msg, int) {
	most := v.MaxBody
	if most == 0 {
		most = 65535
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return Msg{}, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return Msg{}, http.StatusBadRequest
	}
	method := methodOf(r.Method)
	if method == 0 {
		return Msg{}, http.StatusMethodNotAllowed
	}
	format, lines := headerLines(r.Header)
	name := r.URL.RequestURI()
	if lines != "" {
		name += "\n" + lines
	}
	return Msg{Verb: VerbRX, Code: method, Topic: format, Name: name, Data: body, Ticket: 1}, 0
}

// The session that a request belongs to; or a reply; or an HTTP status.
func (v *Server) session(rx Msg) (*Session, *Msg, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.begin() != nil {
		return nil, nil, http.StatusServiceUnavailable
	}
	if time.Since(v.turned) > time.Hour {
		copy(v.secret[32:], v.secret[:32])
		rand.Read(v.secret[:32])
		v.turned = time.Now()
	}
	t, err := v.sorter.Triage(&v.secret, rx)
	if err != nil {
		return nil, nil, http.StatusBadRequest
	}
	if s := v.sessions[t.Key]; s != nil && (t.Verdict == VerdictKnown || t.Verdict == VerdictFresh) {
		return s, nil, 0
	}
	if t.Verdict == VerdictFresh {
		s, code := v.create(t)
		return s, nil, code
	}
	return nil, t.Reply, http.StatusNotFound
}

func (v *Server) create(t Sorted) (*Session, int) {
	most := v.MaxSessions
	if most == 0 {
		most = 10000
	}
	if len(v.sessions) >= most {
		return nil, http.StatusServiceUnavailable
	}
	c, host, err := v.Choose(t.Hint)
	if err != nil {
		return nil, http.StatusNotFound
	}
	if c.Stack == "" {
		c.Stack = v.Stack
	}
	s, err := NewSession(c)
	if err != nil {
		return nil, http.StatusInternalServerError
	}
	v.sessions[t.Key] = s
	v.wait.Add(1)
	go v.run(s, host(s), t.Key)
	return s, 0
}

func (v *Server) run(s *Session, host Host, key string) {
	defer v.wait.Done()
	err := s.Run(v.ctx, host, Msg{Verb: VerbStart, Name: key})
	v.mu.Lock()
	if v.sessions[key] == s {
		delete(v.sessions, key)
	}
	v.mu.Unlock()
	s.Close()
	if v.Ended != nil {
		v.Ended(err)
	}
}

// Sessions is how many live.
func (v *Server) Sessions() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.sessions)
}

// Close ends every session and waits for them.
func (v *Server) Close() error {
	v.mu.Lock()
	v.closed = true
	if v.stop != nil {
		v.stop()
	}
	v.mu.Unlock()
	v.wait.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.sorter != nil {
		v.sorter.Close()
		v.sorter = nil
	}
	return nil
}

// The reply as HTTP.
func respond(w http.ResponseWriter, a Msg) {
	if a.Code == 0 {
		panic(http.ErrAbortHandler) // the connection is closed without a word
	}
	setHeader(w.Header(), a.Topic, strings.TrimSuffix(a.Name, "\n"))
	if a.Code < 200 || a.Code > 599 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(int(a.Code))
	w.Write(a.Data)
}
