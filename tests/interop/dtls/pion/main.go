// A pion/dtls peer on loopback: sends "hello", or sends back what it hears.
//
//	pion client|server PORT SUITE psk HEX [cid]      (identity "dev")
//	pion client|server PORT SUITE cert CA CERT KEY [cid]  (PEM)
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v3"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func config(args []string, server bool) *dtls.Config {
	suite, err := strconv.ParseUint(args[0], 16, 16)
	must(err)
	c := &dtls.Config{CipherSuites: []dtls.CipherSuiteID{dtls.CipherSuiteID(suite)}, ExtendedMasterSecret: dtls.RequireExtendedMasterSecret}
	if args[1] == "psk" {
		key, err := hex.DecodeString(args[2])
		must(err)
		c.PSK = func([]byte) ([]byte, error) { return key, nil }
		c.PSKIdentityHint = []byte("dev")
	} else {
		pem, err := os.ReadFile(args[2])
		must(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		own, err := tls.LoadX509KeyPair(args[3], args[4])
		must(err)
		c.Certificates = []tls.Certificate{own}
		c.RootCAs, c.ClientCAs, c.ServerName = pool, pool, "s"
		c.ClientAuth = dtls.RequireAndVerifyClientCert
	}
	if args[len(args)-1] == "cid" {
		c.ConnectionIDGenerator = dtls.RandomCIDGenerator(8)
	}
	_ = server
	return c
}

func main() {
	server := os.Args[1] == "server"
	port, err := strconv.Atoi(os.Args[2])
	must(err)
	addr := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	c := config(os.Args[3:], server)
	var conn net.Conn
	if server {
		l, err := dtls.Listen("udp", addr, c)
		must(err)
		conn, err = l.Accept()
		must(err)
	} else {
		conn, err = dtls.Dial("udp", addr, c)
		must(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	must(conn.(*dtls.Conn).HandshakeContext(ctx))
	must(conn.SetDeadline(time.Now().Add(5 * time.Second)))
	if !server {
		_, err = conn.Write([]byte("hello"))
		must(err)
	}
	buf := make([]byte, 500)
	n, err := conn.Read(buf)
	must(err)
	fmt.Printf("heard %s\n", buf[:n])
	if server {
		_, err = conn.Write(buf[:n])
		must(err)
		time.Sleep(200 * time.Millisecond)
	}
	must(conn.Close())
}
