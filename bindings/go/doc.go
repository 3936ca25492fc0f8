// Package imprint gives devices their first keys: bootstrapping, onboarding,
// provisioning, commissioning, either side of each protocol.  It is the C
// library imprint (no I/O, no clock, no heap of its own) with goroutines,
// contexts, errors and net around it.
//
// # Words
//
// A stack is a protocol on transports, by name: "fdo/http".  A [Session] runs
// one, in one goroutine, between a [Host] above, who answers questions and
// keeps what is learnt, and a [Carrier] below, who moves messages: [Streams]
// over connections, [REST] over net/http.  A fact is a named datum, a belief
// before the run and knowledge after it; [Facts] is a host that keeps them.
// [Server] is an http.Handler that runs a session for each device that comes.
// [Face] is a session fed by hand, for tests and for other event loops.
// [Built] says what there is.
//
//	s, err := imprint.NewSession(imprint.Config{Stack: "fdo/http", Role: "device"})
//	if err != nil {
//		return err // "no layer is called 'fod'; nearest: fdo; there are: ..."
//	}
//	defer s.Close()
//	s.Carrier = &imprint.Streams{}
//	err = s.Run(ctx, facts.Host(s, imprint.Policy{}), imprint.Msg{Verb: imprint.VerbStart})
//	switch {
//	case err == nil: // onboarded, facts has it all
//	case errors.Is(err, imprint.Later): // nobody was there: (*imprint.Error).After
//	case errors.Is(err, imprint.EFact): // a belief is missing, the error names it
//	}
//
// Nothing is decided by default: without [Policy].Authorize nobody may join.
// What a run learns is its own until the protocol commits it; a run that ends
// badly leaves no trace in Facts.
//
// # Errors
//
// Every error is or wraps a [Status], for errors.Is; those of sessions are an
// [*Error], which says where and why.  When a context ends, Run gives up
// politely and returns the context's cause.  No bytes from anywhere panic.
//
// # Building
//
// The package calls C.  It needs a C compiler, SWIG 4 (go build runs it) and
// the library, which pkg-config knows as imprint-face:
//
//	meson setup build && meson install -C build
//
// On a checkout, bindings/go/go.sh is the go command with all that set up and
// nothing installed: bindings/go/go.sh test ./...
//
// The go command does not see when an installed C library changes: after
// installing another version of imprint run go clean -cache, or build with -a.
package imprint
