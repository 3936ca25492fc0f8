package imprint

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Facts is what one device or server knows, in memory: beliefs before a run,
// knowledge after it.  All methods are for any goroutine.
//
// A fact is bytes under a topic and a name, or, where the manifest says so,
// numbered entries: a voucher is a head and its entries.
type Facts struct {
	mu    sync.RWMutex
	known map[factKey]fact
}

type factKey struct {
	topic Topic
	name  string
	entry int32
}

type fact struct {
	data  []byte
	until time.Time // zero: for ever
	gone  bool      // in a run: forgotten
}

func (f fact) good() bool {
	return !f.gone && (f.until.IsZero() || time.Now().Before(f.until))
}

// NewFacts is an empty store.
func NewFacts() *Facts { return &Facts{known: map[factKey]fact{}} }

// Set makes a fact known.
func (k *Facts) Set(t Topic, name string, data []byte) { k.SetEntry(t, name, 0, data) }

// SetEntry makes one entry of a fact known.
func (k *Facts) SetEntry(t Topic, name string, entry int, data []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[factKey{t, name, int32(entry)}] = fact{data: slices.Clone(data)}
}

// Get is a fact's bytes, or its first entry; false: it is not known.
func (k *Facts) Get(t Topic, name string) ([]byte, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	f, ok := k.known[factKey{t, name, 0}]
	return slices.Clone(f.data), ok && f.good()
}

// Entries are all entries of a fact.
func (k *Facts) Entries(t Topic, name string) [][]byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var all [][]byte
	for i := int32(0); ; i++ {
		f, ok := k.known[factKey{t, name, i}]
		if !ok || !f.good() {
			return all
		}
		all = append(all, slices.Clone(f.data))
	}
}

// Names are those of the known facts of a topic, that begin with prefix, in
// order.
func (k *Facts) Names(t Topic, prefix string) []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	set := map[string]bool{}
	for key, f := range k.known {
		if key.topic == t && strings.HasPrefix(key.name, prefix) && f.good() {
			set[key.name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Forget deletes a fact; a name that ends in '/', all below it.
func (k *Facts) Forget(t Topic, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.known, func(key factKey, _ fact) bool { return key.below(t, name) })
}

func (key factKey) below(t Topic, name string) bool {
	if key.topic != t {
		return false
	}
	return key.name == name || strings.HasSuffix(name, "/") && strings.HasPrefix(key.name, name)
}

// Policy decides what facts do not say.
type Policy struct {
	// Authorize: may name go on?  claims is a CBOR map keyed by fact topics; so
	// is what it returns, nil for nothing.  A nil function refuses everybody.
	Authorize func(ctx context.Context, name string, claims []byte) ([]byte, error)
	// Ask, if not nil, comes before the facts: true means that it has answered,
	// or will.
	Ask func(ctx context.Context, q *Question) bool
	// Tell, if not nil, hears news.
	Tell func(ctx context.Context, m Msg)
	// Ended, if not nil, hears of each end, after the facts are kept or dropped.
	Ended func(err error)
}

// Host is for one run of a session: what it learns is its own until it is
// committed, and is dropped if the run ends badly.
func (k *Facts) Host(s *Session, p Policy) Host {
	return &factsHost{k: k, s: s, p: p, learnt: map[factKey]fact{}}
}

type factsHost struct {
	k      *Facts
	s      *Session
	p      Policy
	learnt map[factKey]fact
}

const factPart = 16 << 10 // bytes of a fact in one answer

func (h *factsHost) Ask(ctx context.Context, q *Question) {
	if h.p.Ask != nil && h.p.Ask(ctx, q) {
		return
	}
	switch {
	case q.Topic == TopicAuthorize:
		h.authorize(ctx, q)
	case q.Flags&FlagList != 0:
		q.Answer(cborNames(h.names(q.Topic, q.Name)))
	case h.s.Face.Many(q.Topic, q.Name):
		h.entry(q)
	default:
		h.bytes(q)
	}
}

func (h *factsHost) authorize(ctx context.Context, q *Question) {
	if h.p.Authorize == nil {
		q.Refuse(EDenied)
		return
	}
	data, err := h.p.Authorize(ctx, q.Name, q.Data)
	if err != nil {
		q.Refuse(err)
		return
	}
	q.Answer(data)
}

// A fact as this run sees it.
func (h *factsHost) find(key factKey) (fact, bool) {
	if f, ok := h.learnt[key]; ok {
		return f, f.good()
	}
	h.k.mu.RLock()
	defer h.k.mu.RUnlock()
	f, ok := h.k.known[key]
	return f, ok && f.good()
}

func (h *factsHost) names(t Topic, prefix string) []string {
	set := map[string]bool{}
	for _, n := range h.k.Names(t, prefix) {
		set[n] = true
	}
	for key, f := range h.learnt {
		if key.topic == t && strings.HasPrefix(key.name, prefix) {
			set[key.name] = f.good()
		}
	}
	maps.DeleteFunc(set, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(set))
}

func (h *factsHost) entry(q *Question) {
	f, ok := h.find(factKey{q.Topic, q.Name, q.Code})
	if !ok {
		q.Refuse(EFact)
		return
	}
	n := int32(0)
	for ok := true; ok; n++ {
		_, ok = h.find(factKey{q.Topic, q.Name, n + 1})
	}
	a := Msg{Topic: q.Topic, Code: n, Data: f.data}
	if q.Code+1 < n {
		a.Flags |= FlagMore
	}
	q.AnswerMsg(a)
}

func (h *factsHost) bytes(q *Question) {
	f, ok := h.find(factKey{q.Topic, q.Name, 0})
	if !ok || q.Code < 0 || int(q.Code) > len(f.data) {
		q.Refuse(EFact)
		return
	}
	a := Msg{Topic: q.Topic, Code: int32(len(f.data)), Data: f.data[q.Code:]}
	if q.Topic == TopicImage && len(a.Data) > factPart {
		a.Data = a.Data[:factPart]
		a.Flags |= FlagMore
	}
	q.AnswerMsg(a)
}

func (h *factsHost) Tell(ctx context.Context, m Msg) {
	if h.p.Tell != nil {
		h.p.Tell(ctx, m)
	}
}

func (h *factsHost) Learn(_ context.Context, m Msg) error {
	switch {
	case m.Flags&FlagForget != 0 && m.Topic == 0:
		clear(h.learnt)
	case m.Flags&FlagForget != 0:
		h.forget(m.Topic, m.Name)
	default:
		if err := h.keep(m); err != nil {
			return err
		}
	}
	if m.Flags&FlagNow != 0 {
		h.commit()
	}
	return nil
}

const maxFact = 1 << 30

func (h *factsHost) keep(m Msg) error {
	var until time.Time
	if m.When != 0 {
		until = time.Now().Add(time.Duration(min(m.When, 1<<40)) * time.Millisecond)
	}
	if h.s.Face.Many(m.Topic, m.Name) {
		h.learnt[factKey{m.Topic, m.Name, m.Code}] = fact{data: m.Data, until: until}
		return nil
	}
	key, at := factKey{m.Topic, m.Name, 0}, int(m.Code)
	old := h.learnt[key]
	if at == 0 {
		h.learnt[key] = fact{data: m.Data, until: until}
		return nil
	}
	if at != len(old.data) || at+len(m.Data) > maxFact {
		return EArg // pieces come in order
	}
	h.learnt[key] = fact{data: append(old.data, m.Data...), until: until}
	return nil
}

func (h *factsHost) forget(t Topic, name string) {
	h.k.mu.RLock()
	defer h.k.mu.RUnlock()
	for _, all := range []map[factKey]fact{h.k.known, maps.Clone(h.learnt)} {
		for key := range all {
			if key.below(t, name) {
				h.learnt[key] = fact{gone: true}
			}
		}
	}
}

func (h *factsHost) commit() {
	h.k.mu.Lock()
	defer h.k.mu.Unlock()
	for key := range h.learnt {
		if h.learnt[key].gone {
			delete(h.k.known, key)
		} else {
			h.k.known[key] = h.learnt[key]
		}
	}
	clear(h.learnt)
}

func (h *factsHost) End(_ context.Context, err error) error {
	if err == nil {
		h.commit()
	}
	clear(h.learnt)
	if h.p.Ended != nil {
		h.p.Ended(err)
	}
	return nil
}

// The names as a CBOR array of text.
func cborNames(names []string) []byte {
	b := cborHead(nil, 4, uint64(len(names)))
	for _, n := range names {
		b = append(cborHead(b, 3, uint64(len(n))), n...)
	}
	return b
}

func cborHead(b []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(b, major<<5|byte(n))
	case n < 1<<8:
		return append(b, major<<5|24, byte(n))
	case n < 1<<16:
		return append(b, major<<5|25, byte(n>>8), byte(n))
	default:
		return append(b, major<<5|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}
