// Bench is what a message costs in Go: tests/bench/messages.c, line for line.
// Nanoseconds of processor time for each message fed, the best of some rounds.
package main

import (
	"fmt"
	"log"
	"math"
	"syscall"

	"imprint.dev/imprint"
)

const many, rounds = 50_000, 10

var request = []byte("GET /bench HTTP/1.1\r\nHost: imprint\r\n\r\n")

func visit(f *imprint.Face, count int) {
	for range count {
		out, err := f.Feed(imprint.Msg{Verb: imprint.VerbRX, Data: request})
		if err != nil || len(out) != 1 || out[0].Name != "/bench" {
			log.Fatal(out, err)
		}
		out, err = f.Feed(imprint.Msg{Verb: imprint.VerbAnswer, Code: 200, Ticket: out[0].Ticket, Data: []byte("well")})
		if err != nil || len(out) != 1 || out[0].Verb != imprint.VerbTX {
			log.Fatal(out, err)
		}
	}
}

// Of all threads of this process, the collector's too.
func processorTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func main() {
	f, err := imprint.NewFace(imprint.Config{Stack: "/http", Role: "relay"})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	f.Feed(imprint.Msg{Verb: imprint.VerbUp})
	visit(f, 1000)
	best := math.MaxFloat64
	for range rounds {
		from := processorTime()
		visit(f, many)
		best = min(best, float64(processorTime()-from)/(2*many))
	}
	fmt.Println(best)
}
