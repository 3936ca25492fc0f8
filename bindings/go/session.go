package imprint

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Host stands above a protocol: it answers questions, hears news and keeps
// knowledge.  Its methods are called one at a time, from the goroutine of
// Session.Run.  Facts is one; Funcs makes one out of functions.
type Host interface {
	// Ask is to call q.Answer or q.Refuse, before it returns or any time later,
	// from any goroutine.
	Ask(ctx context.Context, q *Question)
	// Tell is news for a human or a log.
	Tell(ctx context.Context, m Msg)
	// Learn keeps a fact: provisionally, or with FlagNow all so far, durably and
	// together, before it returns.  An error is told to the protocol.
	Learn(ctx context.Context, m Msg) error
	// End hears how the run ended; nil: onboarded, keep what was learnt.  An
	// error makes the run end with it.
	End(ctx context.Context, err error) error
}

// Riser is a Host of a stack without a top, "/http": it hears what rises from
// the links, VerbRX, VerbUp and VerbDown.  Answers go back by Session.Feed.
type Riser interface {
	Rise(ctx context.Context, m Msg)
}

// Question is an Ask that waits for its answer.
type Question struct {
	Msg
	s    *Session
	done atomic.Bool
}

// Answer gives data; only the first answer counts.
func (q *Question) Answer(data []byte) { q.AnswerMsg(Msg{Data: data}) }

// Refuse gives no answer but a reason: a Status, or EDenied.
func (q *Question) Refuse(err error) { q.AnswerMsg(Msg{Code: int32(statusOf(err, EDenied))}) }

// AnswerMsg says all there is to say: code, flags, topic, name, data.
func (q *Question) AnswerMsg(a Msg) {
	if q.Ticket == 0 || q.done.Swap(true) {
		return
	}
	a.Verb, a.Ticket, a.Link = VerbAnswer, q.Ticket, q.Link
	q.s.Feed(a)
}

// Answered tells whether it was.
func (q *Question) Answered() bool { return q.done.Load() }

func statusOf(err error, otherwise Status) Status {
	var st Status
	if err == nil {
		return OK
	}
	if errors.As(err, &st) && st < 0 {
		return st
	}
	return otherwise
}

// Carrier stands below a stack: it moves what the session sends and feeds what
// arrives with Session.Feed.
type Carrier interface {
	// Carry takes one sinking message: VerbTX, VerbOpen or VerbShut.
	Carry(ctx context.Context, s *Session, m Msg)
	// Close ends all that is open; nothing is fed any more.
	Close() error
}

// Session runs a Face: in one goroutine, with a host above, a carrier below,
// its timers, and a context.
type Session struct {
	Face *Face
	// Carrier below; nil: what is sent is refused with EUnsup.
	Carrier Carrier
	// Linger is how long a session may live on after its end, so that a last
	// message can be repeated.
	Linger time.Duration
	// Trace, if not nil, sees every message that is fed (true) and drained.
	Trace func(fed bool, m Msg)

	mu      sync.Mutex
	queue   []arrival
	wake    chan struct{}
	tickets uint32
	waiting map[uint32]chan Msg
	ended   bool
	over    chan struct{} // closed when Run returns, or by Close
}

// A message for the session; of a connection that lives no more it is dropped.
type arrival struct {
	m     Msg
	live  *atomic.Bool
	taken chan struct{}
}

// NewSession builds a session; Close it.
func NewSession(c Config) (*Session, error) {
	f, err := NewFace(c)
	if err != nil {
		return nil, err
	}
	return &Session{Face: f, wake: make(chan struct{}, 1), over: make(chan struct{}), waiting: map[uint32]chan Msg{}}, nil
}

// Close ends the carrier and erases the session.  A Run that still runs returns
// EOver; for a polite end, cancel its context instead.
func (s *Session) Close() error {
	var err error
	s.close()
	if s.Carrier != nil {
		err = s.Carrier.Close()
	}
	return errors.Join(err, s.Face.Close())
}

// Feed queues a message for the session.  It never blocks and may be called
// from any goroutine, also from methods of the host and the carrier.
func (s *Session) Feed(m Msg) { s.put(arrival{m: m}) }

func (s *Session) put(a arrival) {
	s.mu.Lock()
	if !s.ended {
		s.queue = append(s.queue, a)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// feedLive queues what came over a connection, and waits until it is taken:
// so a fast peer is slowed down.
func (s *Session) feedLive(m Msg, live *atomic.Bool) {
	a := arrival{m, live, make(chan struct{})}
	s.put(a)
	select {
	case <-a.taken:
	case <-s.over:
	}
}

func (s *Session) next() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queue
	s.queue = nil
	return q
}

// Exchange gives a request to a server's session and waits for its reply: the
// Msg is a VerbRX, its Ticket is chosen here.  EOver: the session ended.
func (s *Session) Exchange(ctx context.Context, rx Msg) (Msg, error) {
	reply := make(chan Msg, 1)
	s.mu.Lock()
	s.tickets = s.tickets%0xffffff + 1
	rx.Ticket = s.tickets
	s.waiting[rx.Ticket] = reply
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, rx.Ticket)
		s.mu.Unlock()
	}()
	s.Feed(rx)
	select {
	case m := <-reply:
		return m, nil
	case <-ctx.Done():
		return Msg{}, context.Cause(ctx)
	case <-s.over:
	}
	select {
	case m := <-reply: // the last thing it said
		return m, nil
	default:
		return Msg{}, EOver
	}
}

// Run feeds start (often Msg{Verb: VerbStart}) and runs the session to its end:
// nil is onboarded.  Later, with the time in Error.After, and every failure are
// an *Error.  When ctx ends, the session gives up politely, and the error is
// the context's.
func (s *Session) Run(ctx context.Context, host Host, start Msg) error {
	defer s.close()
	r := run{s: s, host: host}
	r.feed(ctx, start)
	for !r.finished() {
		timer := r.timer()
		select {
		case <-ctx.Done():
			return r.stop(ctx)
		case <-s.over:
			r.finish(ctx, EOver)
		case <-s.wake:
			r.arrived(ctx)
		case <-timer:
			r.feed(ctx, Msg{Verb: VerbTick})
		}
	}
	return r.err
}

func (s *Session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.queue = nil
	close(s.over)
}

// run is what Session.Run has in hand.
type run struct {
	s     *Session
	host  Host
	done  bool
	until time.Time // linger
	err   error
	clock *time.Timer
}

// The next deadline, of the session or of its lingering.
func (r *run) timer() <-chan time.Time {
	wait, ok := r.s.Face.Wait()
	if r.done {
		left := time.Until(r.until)
		if !ok || left < wait {
			wait, ok = max(left, 0), true
		}
	}
	if r.clock != nil {
		r.clock.Stop()
	}
	if !ok {
		return nil
	}
	r.clock = time.NewTimer(wait)
	return r.clock.C
}

func (r *run) finished() bool {
	if !r.done || r.s.Linger <= 0 || !time.Now().Before(r.until) {
		return r.done
	}
	_, waits := r.s.Face.Wait()
	return !waits
}

func (r *run) arrived(ctx context.Context) {
	for _, a := range r.s.next() {
		if a.live == nil || a.live.Load() {
			r.feed(ctx, a.m)
		}
		if a.taken != nil {
			close(a.taken)
		}
	}
}

func (r *run) feed(ctx context.Context, m Msg) {
	if r.s.Trace != nil {
		r.s.Trace(true, m)
	}
	out, err := r.s.Face.Feed(m)
	if err != nil && (m.Verb == VerbStart || r.s.Face.Status() == ENoSpc) {
		r.finish(ctx, err) // there will be no Done
	}
	for i := range out {
		if r.s.Trace != nil {
			r.s.Trace(false, out[i])
		}
		r.hear(ctx, out[i])
	}
}

func (r *run) hear(ctx context.Context, m Msg) {
	switch m.Verb {
	case VerbAsk:
		r.ask(ctx, m)
	case VerbTell:
		r.host.Tell(ctx, m)
	case VerbLearn:
		r.learn(ctx, m)
	case VerbDone:
		r.ended(ctx, m)
	case VerbTX, VerbOpen, VerbShut:
		r.carry(ctx, m)
	case VerbAnswer:
		r.answered(m)
	case VerbRX, VerbUp, VerbDown:
		if h, ok := r.host.(Riser); ok {
			h.Rise(ctx, m)
		}
	}
}

func (r *run) ask(ctx context.Context, m Msg) {
	if m.Flags&FlagForget != 0 && m.Ticket == 0 {
		r.host.Tell(ctx, m) // withdrawn
		return
	}
	r.host.Ask(ctx, &Question{Msg: m, s: r.s})
}

func (r *run) learn(ctx context.Context, m Msg) {
	err := r.host.Learn(ctx, m)
	if m.Ticket != 0 {
		r.s.Feed(Msg{Verb: VerbAnswer, Ticket: m.Ticket, Code: int32(statusOf(err, ENoSpc))})
	}
}

func (r *run) carry(ctx context.Context, m Msg) {
	if r.s.Carrier != nil {
		r.s.Carrier.Carry(ctx, r.s, m)
	} else if m.Verb == VerbOpen {
		r.s.Feed(Msg{Verb: VerbDown, Link: m.Link, Code: int32(EUnsup), Ticket: m.Ticket})
	} else if m.Ticket != 0 {
		r.s.Feed(Msg{Verb: VerbAnswer, Link: m.Link, Code: int32(EUnsup), Ticket: m.Ticket})
	}
}

func (r *run) answered(m Msg) {
	r.s.mu.Lock()
	reply := r.s.waiting[m.Ticket]
	r.s.mu.Unlock()
	if reply != nil {
		select {
		case reply <- m:
		default:
		}
	}
}

func (r *run) ended(ctx context.Context, m Msg) {
	if Status(m.Code) == OK {
		r.finish(ctx, nil)
		return
	}
	e := &Error{Status: Status(m.Code), Number: uint16(m.Topic), After: m.When, Where: r.s.Face.Where()}
	switch {
	case e.Status == EFact && m.Name != "":
		e.Reason = m.Name
	case e.Status < 0:
		e.Reason = string(m.Data)
	}
	r.finish(ctx, e)
}

func (r *run) finish(ctx context.Context, err error) {
	if r.done {
		return
	}
	r.done = true
	r.until = time.Now().Add(r.s.Linger)
	r.err = err
	if trouble := r.host.End(ctx, err); err == nil && trouble != nil {
		r.err = trouble
	}
}

// The context ended: one more second for good manners.
func (r *run) stop(ctx context.Context) error {
	cause := context.Cause(ctx)
	if r.done {
		return r.err
	}
	polite, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	r.feed(polite, Msg{Verb: VerbStop})
	r.finish(polite, cause)
	return cause
}

// Funcs is a Host of functions; what is nil refuses, ignores, or keeps nothing.
type Funcs struct {
	OnAsk   func(ctx context.Context, q *Question)
	OnTell  func(ctx context.Context, m Msg)
	OnLearn func(ctx context.Context, m Msg) error
	OnEnd   func(ctx context.Context, err error) error
	OnRise  func(ctx context.Context, m Msg)
}

func (f Funcs) Ask(ctx context.Context, q *Question) {
	if f.OnAsk == nil {
		q.Refuse(EFact)
		return
	}
	f.OnAsk(ctx, q)
}

func (f Funcs) Tell(ctx context.Context, m Msg) {
	if f.OnTell != nil {
		f.OnTell(ctx, m)
	}
}

func (f Funcs) Learn(ctx context.Context, m Msg) error {
	if f.OnLearn == nil {
		return EUnsup
	}
	return f.OnLearn(ctx, m)
}

func (f Funcs) End(ctx context.Context, err error) error {
	if f.OnEnd == nil {
		return nil
	}
	return f.OnEnd(ctx, err)
}

func (f Funcs) Rise(ctx context.Context, m Msg) {
	if f.OnRise != nil {
		f.OnRise(ctx, m)
	}
}
