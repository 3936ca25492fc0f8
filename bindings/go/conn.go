package imprint

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Streams carries bytes over connections: it stands below a stack whose lowest
// links are of kind STREAM, as "fdo/http".
type Streams struct {
	// Dial makes connections; nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// WriteTimeout is how long a peer may take no bytes; 0: 30 seconds.
	WriteTimeout time.Duration

	mu    sync.Mutex
	links [4]*stream
	wait  sync.WaitGroup
}

type stream struct {
	conn net.Conn // nil: still dialling
	stop context.CancelFunc
	live atomic.Bool
}

// Serve puts an accepted connection below a server's session, as its link 0.
// Call it before Session.Run, which begins with Msg{Verb: VerbUp}.
func (t *Streams) Serve(s *Session, conn net.Conn) {
	l := &stream{conn: conn, stop: func() {}}
	l.live.Store(true)
	t.mu.Lock()
	t.links[0] = l
	t.mu.Unlock()
	t.wait.Add(1)
	go t.read(s, l, 0, 0)
}

// Carry dials, writes and closes.
func (t *Streams) Carry(ctx context.Context, s *Session, m Msg) {
	switch m.Verb {
	case VerbOpen:
		t.shut(m.Link)
		t.open(ctx, s, m)
	case VerbShut:
		t.shut(m.Link)
	case VerbTX:
		t.write(s, m)
	}
}

var ports = map[string]string{"http": "80", "https": "443", "coap": "5683", "coaps": "5684", "coap+tcp": "5683", "coaps+tcp": "5684", "dpp": "8908"}

func address(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	port := u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port), port != ""
}

func (t *Streams) open(ctx context.Context, s *Session, m Msg) {
	addr, ok := address(m.Name)
	if !ok {
		s.Feed(Msg{Verb: VerbDown, Link: m.Link, Code: int32(EArg), Ticket: m.Ticket})
		return
	}
	l := new(stream)
	l.live.Store(true)
	wait := 10 * time.Second
	if m.When != 0 {
		wait = time.Duration(min(m.When, 1<<32)) * time.Millisecond
	}
	ctx, l.stop = context.WithTimeout(ctx, wait)
	t.mu.Lock()
	t.links[m.Link&3] = l
	t.mu.Unlock()
	t.wait.Add(1)
	go t.dial(ctx, s, l, addr, m)
}

func (t *Streams) dial(ctx context.Context, s *Session, l *stream, addr string, m Msg) {
	dial := t.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", addr)
	l.stop()
	t.mu.Lock()
	if err == nil && l.live.Load() {
		l.conn = conn
	} else if err == nil {
		conn.Close()
		err = net.ErrClosed
	}
	t.mu.Unlock()
	if err != nil {
		t.wait.Done()
		s.put(arrival{m: Msg{Verb: VerbDown, Link: m.Link, Code: int32(ELink), Ticket: m.Ticket}, live: &l.live})
		return
	}
	s.put(arrival{m: Msg{Verb: VerbUp, Link: m.Link, Ticket: m.Ticket}, live: &l.live})
	t.read(s, l, m.Link, m.Ticket)
}

func (t *Streams) read(s *Session, l *stream, link uint16, label uint32) {
	defer t.wait.Done()
	buf := make([]byte, 16<<10)
	for {
		n, err := l.conn.Read(buf)
		if n > 0 {
			s.feedLive(Msg{Verb: VerbRX, Link: link, Data: buf[:n]}, &l.live)
		}
		if err == nil {
			continue
		}
		code := OK
		if !errors.Is(err, io.EOF) {
			code = ELink
		}
		s.put(arrival{m: Msg{Verb: VerbDown, Link: link, Code: int32(code), Ticket: label}, live: &l.live})
		return
	}
}

func (t *Streams) write(s *Session, m Msg) {
	t.mu.Lock()
	l := t.links[m.Link&3]
	t.mu.Unlock()
	code := ELink
	if l != nil && l.conn != nil {
		wait := t.WriteTimeout
		if wait == 0 {
			wait = 30 * time.Second
		}
		l.conn.SetWriteDeadline(time.Now().Add(wait))
		if _, err := l.conn.Write(m.Data); err == nil {
			code = OK
		} else {
			l.conn.Close() // the reader tells
		}
	}
	if m.Ticket != 0 {
		s.Feed(Msg{Verb: VerbAnswer, Link: m.Link, Code: int32(code), Ticket: m.Ticket})
	}
}

func (t *Streams) shut(link uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.links[link&3]
	t.links[link&3] = nil
	if l == nil {
		return
	}
	l.live.Store(false)
	l.stop()
	if l.conn != nil {
		l.conn.Close()
	}
}

// Close closes every connection and waits for their goroutines.
func (t *Streams) Close() error {
	for i := range t.links {
		t.shut(uint16(i))
	}
	t.wait.Wait()
	return nil
}
