package imprint

import (
	"encoding/binary"
)

// Msg is the only thing that crosses a boundary: imprint.h says what the
// fields mean for each verb.
type Msg struct {
	Verb   Verb
	Topic  Topic
	Flags  Flags
	Link   uint16
	Code   int32
	Ticket uint32
	When   uint64 // milliseconds from now
	Name   string // may hold any bytes
	Data   []byte
	// Channel is the security of a link, with Up and RX; nil: none.
	Channel *Channel
}

// Channel is what a secured link offers to whoever stands above it.
type Channel struct {
	Kind      uint32 // IANA TLS version, 0: not TLS
	Suite     uint32 // IANA cipher suite
	PeerID    []byte
	PeerChain []byte // DER certificates, each with a 3-byte length
	Binding   []byte
	// Exports is what the layer above may derive from a channel that is fed;
	// of one that came out of a Face, ask Face.Derive.
	Exports []Export
}

// Export is one result of a channel's key exporter.
type Export struct {
	Label        string
	Context, Key []byte
}

const (
	recordLen = 40
	headLen   = 32
)

var order = binary.NativeEndian

func appendSpan(to []byte, parts ...[]byte) []byte {
	for _, p := range parts {
		to = append(to, p...)
	}
	return to
}

func (c *Channel) append(to []byte) []byte {
	for _, n := range []uint32{c.Kind, c.Suite, uint32(len(c.PeerID)), uint32(len(c.PeerChain)), uint32(len(c.Binding)), uint32(len(c.Exports))} {
		to = order.AppendUint32(to, n)
	}
	to = appendSpan(to, c.PeerID, c.PeerChain, c.Binding)
	for _, e := range c.Exports {
		for _, n := range []int{len(e.Label), len(e.Context), len(e.Key)} {
			to = order.AppendUint32(to, uint32(n))
		}
		to = appendSpan(append(to, e.Label...), e.Context, e.Key)
	}
	return to
}

// A record of face.h: a head, name, data, channel, and padding to 8 bytes.
func (m *Msg) append(to []byte) []byte {
	at := len(to)
	to = append(to, make([]byte, recordLen)...)
	to = append(append(to, m.Name...), m.Data...)
	end := len(to)
	if m.Channel != nil {
		to = m.Channel.append(to)
	}
	h := to[at:]
	order.PutUint32(h, uint32(len(m.Name)))
	order.PutUint32(h[4:], uint32(len(m.Data)))
	order.PutUint32(h[8:], uint32(len(to)-end))
	order.PutUint16(h[16:], uint16(m.Verb))
	order.PutUint16(h[18:], uint16(m.Topic))
	order.PutUint16(h[20:], uint16(m.Flags))
	order.PutUint16(h[22:], m.Link)
	order.PutUint32(h[24:], uint32(m.Code))
	order.PutUint32(h[28:], m.Ticket)
	order.PutUint64(h[32:], m.When)
	for len(to)%8 != 0 {
		to = append(to, 0)
	}
	return to
}

func parseChannel(b []byte) *Channel {
	c := &Channel{Kind: order.Uint32(b), Suite: order.Uint32(b[4:])}
	id, chain, binding := order.Uint32(b[8:]), order.Uint32(b[12:]), order.Uint32(b[16:])
	b = b[24:]
	c.PeerID, b = b[:id:id], b[id:]
	c.PeerChain, b = b[:chain:chain], b[chain:]
	c.Binding = b[:binding:binding]
	return c
}

// One record that C wrote, and what follows it.  Its data stays in b.
func parseMsg(b []byte, m *Msg) []byte {
	name, data, channel := int(order.Uint32(b)), int(order.Uint32(b[4:])), int(order.Uint32(b[8:]))
	*m = Msg{
		Verb:   Verb(order.Uint16(b[16:])),
		Topic:  Topic(order.Uint16(b[18:])),
		Flags:  Flags(order.Uint16(b[20:])),
		Link:   order.Uint16(b[22:]),
		Code:   int32(order.Uint32(b[24:])),
		Ticket: order.Uint32(b[28:]),
		When:   order.Uint64(b[32:]),
		Name:   string(b[recordLen : recordLen+name]),
	}
	at := recordLen + name
	m.Data = b[at : at+data : at+data]
	at += data
	if channel != 0 {
		m.Channel = parseChannel(b[at : at+channel])
	}
	at = (at + channel + 7) &^ 7
	return b[at:]
}

// The head of an output.
type head struct {
	status, refused Status
	fed, count      uint32
	deadline        uint64
}

func parseHead(b []byte) head {
	return head{Status(order.Uint32(b)), Status(order.Uint32(b[4:])), order.Uint32(b[8:]), order.Uint32(b[12:]), order.Uint64(b[16:])}
}

func parseOutput(b []byte) (head, []Msg) {
	h := parseHead(b)
	if h.count == 0 {
		return h, nil
	}
	msgs := make([]Msg, h.count)
	b = b[headLen:]
	for i := range msgs {
		b = parseMsg(b, &msgs[i])
	}
	return h, msgs
}
