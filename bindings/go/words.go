package imprint

import (
	"fmt"

	"imprint.dev/imprint/internal/low"
)

// Status says how something ended; it is an error, so that
//
//	errors.Is(err, imprint.EDenied)
//
// works on every error of this package.  Negative is failure.
type Status int32

const (
	OK      Status = 0
	Later   Status = 3 // a good end: come back after a while
	EBadMsg Status = -1
	EAuth   Status = -2
	EDenied Status = -3
	EProto  Status = -4
	EUnsup  Status = -5
	ENoSpc  Status = -6
	EArg    Status = -7
	ETime   Status = -8
	ELink   Status = -9
	EPeer   Status = -10
	ERandom Status = -11
	EFact   Status = -12
	EOver   Status = -13
)

// Error says it in words.
func (s Status) Error() string { return low.Imp_status_text(int(s)) }

// Name is that of imprint.h: "EFACT".
func (s Status) Name() string { return low.Imp_status_name(int(s)) }

// Error is how a session ended, or why a call was refused.
type Error struct {
	Status Status
	Where  string // the layer and state: "imp.fdo.prove_device: EBADMSG"
	Reason string // in words, if there are some; the fact that is missing
	Number uint16 // the wire's own error number
	After  uint64 // Later: milliseconds
}

func (e *Error) Error() string {
	s := "imprint: " + e.Status.Error()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Number != 0 {
		s += fmt.Sprintf(" (error %d)", e.Number)
	}
	if e.Where != "" {
		s += " [" + e.Where + "]"
	}
	return s
}

// Unwrap gives the Status to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Status }

// Verb is what a message does.
type Verb uint16

const (
	VerbRX     Verb = 0x01
	VerbUp     Verb = 0x02
	VerbDown   Verb = 0x03
	VerbAsk    Verb = 0x04
	VerbTell   Verb = 0x05
	VerbLearn  Verb = 0x06
	VerbDone   Verb = 0x07
	VerbTX     Verb = 0x81
	VerbOpen   Verb = 0x82
	VerbShut   Verb = 0x83
	VerbAnswer Verb = 0x84
	VerbStart  Verb = 0x85
	VerbTick   Verb = 0x86
	VerbStop   Verb = 0x87
)

func (v Verb) String() string { return low.Imp_verb_name(int(v)) }

// Topic is what an Ask, Tell or Learn is about; on REST links it is the CoAP
// Content-Format number of a body, NoFormat if there is none.
type Topic uint16

const (
	TopicAuthorize Topic = 0x0001
	TopicChoose    Topic = 0x0002
	TopicVerify    Topic = 0x0003
	TopicShow      Topic = 0x0010
	TopicRead      Topic = 0x0011
	TopicRoute     Topic = 0x0012
	TopicIdentity  Topic = 0x0100
	TopicKey       Topic = 0x0101
	TopicChain     Topic = 0x0102
	TopicAnchor    Topic = 0x0103
	TopicPeerKey   Topic = 0x0104
	TopicNetwork   Topic = 0x0105
	TopicServer    Topic = 0x0106
	TopicVoucher   Topic = 0x0107
	TopicOwner     Topic = 0x0108
	TopicAccess    Topic = 0x0109
	TopicConfig    Topic = 0x010a
	TopicImage     Topic = 0x010b
	TopicAssoc     Topic = 0x010c
	TopicCounter   Topic = 0x010d
	TopicSign      Topic = 0x0200
	TopicIssue     Topic = 0x0201
	TopicKeys      Topic = 0x0202
	TopicSIM       Topic = 0x0203
	TopicRun       Topic = 0x0204

	NoFormat Topic = 0xffff // of a body: none
)

func (t Topic) String() string {
	if s := low.Imp_topic_name(int(t)); s != "" {
		return s
	}
	return fmt.Sprintf("0x%04x", uint16(t))
}

// Flags of a message.
type Flags uint16

const (
	FlagMore    Flags = 0x0001
	FlagNow     Flags = 0x0004
	FlagSecret  Flags = 0x0008
	FlagGroup   Flags = 0x0020
	FlagForget  Flags = 0x0040
	FlagProviso Flags = 0x0080
	FlagList    Flags = 0x0100
)

// Methods of requests, in Msg.Code.
const (
	MethodGet int32 = iota + 1
	MethodPost
	MethodPut
	MethodDelete
	MethodFetch
	MethodPatch
)

// Algorithms and curves are COSE numbers; these are the usual ones, the
// catalogue names them all.
const (
	ES256    = -7
	ES384    = -35
	EdDSA    = -8
	SHA256   = -16
	SHA384   = -43
	HMAC256  = 5
	HMAC384  = 6
	A128GCM  = 1
	A256GCM  = 3
	P256     = 1
	P384     = 2
	X25519   = 4
	Ed25519  = 6
	ChaCha20 = 24 // ChaCha20-Poly1305
)
