package imprint

import (
	"context"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
)

// REST carries requests and replies over net/http: it stands below a stack
// whose lowest link is of kind REST, as "fdo".
type REST struct {
	// Client makes the requests; nil: http.DefaultClient.
	Client *http.Client
	// MaxReply is the largest body, in bytes; 0: 65,535.
	MaxReply int64

	mu   sync.Mutex
	base [4]*url.URL
	life context.Context // ended by Close
	end  context.CancelFunc
	wait sync.WaitGroup
}

// Carry makes a request of a TX; Open only notes the URI.
func (r *REST) Carry(ctx context.Context, s *Session, m Msg) {
	switch m.Verb {
	case VerbOpen:
		r.open(s, m)
	case VerbShut:
		r.mu.Lock()
		r.base[m.Link&3] = nil
		r.mu.Unlock()
	case VerbTX:
		r.request(ctx, s, m)
	}
}

func (r *REST) open(s *Session, m Msg) {
	u, err := url.Parse(m.Name)
	if err != nil || u.Host == "" {
		s.Feed(Msg{Verb: VerbDown, Link: m.Link, Code: int32(EArg), Ticket: m.Ticket})
		return
	}
	r.mu.Lock()
	r.base[m.Link&3] = u
	r.mu.Unlock()
	s.Feed(Msg{Verb: VerbUp, Link: m.Link, Ticket: m.Ticket})
}

func (r *REST) request(ctx context.Context, s *Session, m Msg) {
	r.mu.Lock()
	base := r.base[m.Link&3]
	if r.life == nil {
		r.life, r.end = context.WithCancel(context.Background())
	}
	life := r.life
	r.mu.Unlock()
	r.wait.Add(1)
	go func() {
		defer r.wait.Done()
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(life, stop)()
		a := Msg{Code: int32(ELink)}
		if base != nil {
			a = r.exchange(ctx, base, m)
		}
		a.Verb, a.Link, a.Ticket = VerbAnswer, m.Link, m.Ticket
		if m.Ticket != 0 {
			s.Feed(a)
		}
	}()
}

func (r *REST) exchange(ctx context.Context, base *url.URL, m Msg) Msg {
	req, err := newRequest(ctx, base, m)
	if err != nil {
		return Msg{Code: int32(EArg)}
	}
	client := r.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return Msg{Code: int32(ELink)}
	}
	defer resp.Body.Close()
	most := r.MaxReply
	if most == 0 {
		most = 65535
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil || int64(len(body)) > most {
		return Msg{Code: int32(ELink)}
	}
	format, lines := headerLines(resp.Header)
	return Msg{Code: int32(resp.StatusCode), Topic: format, Name: lines, Data: body}
}

// Close ends requests that are under way.
func (r *REST) Close() error {
	r.mu.Lock()
	if r.end != nil {
		r.end()
	}
	r.mu.Unlock()
	r.wait.Wait()
	return nil
}

var methods = []string{"", http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, "FETCH", http.MethodPatch}

func methodOf(name string) int32 {
	for i, m := range methods {
		if m == name && i > 0 {
			return int32(i)
		}
	}
	if name == http.MethodHead {
		return MethodGet
	}
	return 0
}

func newRequest(ctx context.Context, base *url.URL, m Msg) (*http.Request, error) {
	path, lines, _ := strings.Cut(m.Name, "\n")
	target, err := url.Parse(path)
	if err != nil || m.Code < 1 || int(m.Code) >= len(methods) {
		return nil, EArg
	}
	if target.Host == "" {
		target.Scheme, target.Host = base.Scheme, base.Host
		target.Path = strings.TrimSuffix(base.Path, "/") + "/" + strings.TrimPrefix(target.Path, "/")
	}
	req, err := http.NewRequestWithContext(ctx, methods[m.Code], target.String(), strings.NewReader(string(m.Data)))
	if err != nil {
		return nil, err
	}
	setHeader(req.Header, m.Topic, lines)
	return req, nil
}

// Content-Format numbers that HTTP has a media type for.
var formats = []struct {
	number Topic
	media  string
}{
	{0, "text/plain;charset=utf-8"}, {40, "application/link-format"}, {42, "application/octet-stream"}, {50, "application/json"}, {60, "application/cbor"},
	{280, "application/pkcs7-mime;smime-type=server-generated-key"}, {281, "application/pkcs7-mime;smime-type=certs-only"}, {284, "application/pkcs8"},
	{285, "application/csrattrs"}, {286, "application/pkcs10"}, {287, "application/pkix-cert"}, {10000, "application/vnd.ocf+cbor"},
}

func setHeader(h http.Header, format Topic, lines string) {
	for _, f := range formats {
		if f.number == format {
			h.Set("Content-Type", f.media)
		}
	}
	for line := range strings.SplitSeq(lines, "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok {
			h.Add(key, strings.TrimSpace(value))
		}
	}
}

// What belongs to one connection or to the framing, and chatter.
var hidden = map[string]bool{}

func init() {
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Host", "Connection", "Expect", "Keep-Alive", "Te", "Trailer", "Upgrade", "Proxy-Connection",
		"Date", "Server", "User-Agent", "Via", "Vary", "Pragma", "Expires", "Cache-Control", "Accept-Encoding", "Accept-Language", "Strict-Transport-Security",
		"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"} {
		hidden[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
}

// The Content-Format and the lines of a message's name.
func headerLines(h http.Header) (Topic, string) {
	var b strings.Builder
	format := NoFormat
	media := strings.NewReplacer(" ", "", "\t", "", `"`, "").Replace(strings.ToLower(h.Get("Content-Type")))
	for _, f := range formats {
		if media == f.media || strings.HasPrefix(media, f.media+";") || f.number == 0 && media == "text/plain" {
			format = f.number
		}
	}
	for key, values := range h {
		if hidden[key] || key == "Content-Type" && format != NoFormat {
			continue
		}
		for _, v := range values {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(strings.ToLower(key) + ": " + v)
		}
	}
	return format, b.String()
}
