// Go's net/http with the lab's protocol (docs/clients.md), traced with net/http/httptrace: the program of the experiment that
// this lab grew from. All requests share one http.Client with default settings.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type message map[string]any

var output sync.Mutex

func write(m message) {
	line, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

// nowMs reads CLOCK_MONOTONIC, which has the same value in every process of the lab. Package time does not give access to it.
func nowMs() float64 {
	const clockMonotonic = 1
	var at syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&at)), 0)
	return float64(at.Sec)*1e3 + float64(at.Nsec)/1e6
}

func emit(event string, request int, fields message) {
	m := message{"event": "client:" + event, "atMs": nowMs(), "request": request}
	for name, value := range fields {
		m[name] = value
	}
	write(m)
}

// connections gives each connection a number. All attempts of one dial get the same number, because they are made for one
// connection: so the lab can measure the time from one attempt to the next. The connection keeps the number.
type connections struct {
	sync.Mutex
	last   int
	number map[string]int
}

func (c *connections) next() int {
	c.Lock()
	defer c.Unlock()
	c.last++
	return c.last
}

func (c *connections) keep(local net.Addr, number int) {
	c.Lock()
	defer c.Unlock()
	c.number[local.String()] = number
}

func (c *connections) of(local net.Addr) int {
	c.Lock()
	defer c.Unlock()
	return c.number[local.String()]
}

var (
	client  = &http.Client{}
	known   = &connections{number: map[string]int{}}
	lookups = &connections{}
)

func split(hostPort string) message {
	host, port, _ := net.SplitHostPort(hostPort)
	number, _ := strconv.Atoi(port)
	family := 4
	if strings.Contains(host, ":") {
		family = 6
	}
	return message{"address": host, "port": number, "family": family}
}

func with(m message, more message) message {
	for name, value := range more {
		m[name] = value
	}
	return m
}

func traced(ctx context.Context, request int) context.Context {
	var lock sync.Mutex
	attempts := map[string]int{}
	connected := ""
	lookup := 0
	dial := 0
	// The handshake is on the connection that was there last: httptrace does not name it.
	handshake := func() message {
		lock.Lock()
		defer lock.Unlock()
		return message{"connection": attempts[connected], "address": split(connected)["address"]}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A request that is sent again gets another connection.
		GetConn: func(string) {
			lock.Lock()
			dial = 0
			lock.Unlock()
		},
		DNSStart: func(info httptrace.DNSStartInfo) {
			lookup = lookups.next()
			emit("dns-start", request, message{"lookup": lookup, "name": info.Host, "family": 0, "resolver": resolver()})
		},
		DNSDone: func(info httptrace.DNSDoneInfo) {
			addresses := []string{}
			for _, each := range info.Addrs {
				addresses = append(addresses, each.String())
			}
			fields := message{"lookup": lookup, "addresses": addresses, "coalesced": info.Coalesced}
			if info.Err != nil {
				fields["error"] = info.Err.Error()
			}
			emit("dns-done", request, fields)
		},
		ConnectStart: func(network, address string) {
			lock.Lock()
			if dial == 0 {
				dial = known.next()
			}
			number := dial
			attempts[address] = number
			lock.Unlock()
			emit("connect-start", request, with(split(address), message{"connection": number}))
		},
		ConnectDone: func(network, address string, err error) {
			lock.Lock()
			number := attempts[address]
			lock.Unlock()
			fields := with(split(address), message{"connection": number})
			if err != nil {
				emit("connect-failed", request, with(fields, message{"error": code(err)}))
				return
			}
			lock.Lock()
			connected = address
			lock.Unlock()
			// httptrace does not give the local port here, only in GotConn.
			emit("connect-done", request, with(fields, message{"localPort": 0}))
		},
		TLSHandshakeStart: func() { emit("tls-start", request, handshake()) },
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err != nil {
				emit("tls-failed", request, with(handshake(), message{"error": code(err), "causes": []string{err.Error()}}))
				return
			}
			emit("tls-done", request, with(handshake(), message{
				"version": versions[state.Version], "cipher": tls.CipherSuiteName(state.CipherSuite), "alpn": state.NegotiatedProtocol,
				"resumed": state.DidResume, "issuer": state.PeerCertificates[0].Issuer.CommonName,
			}))
		},
		GotConn: func(info httptrace.GotConnInfo) {
			lock.Lock()
			if number, dialled := attempts[info.Conn.RemoteAddr().String()]; dialled && !info.Reused {
				known.keep(info.Conn.LocalAddr(), number)
			}
			lock.Unlock()
			remote := split(info.Conn.RemoteAddr().String())
			emit("connection", request, message{"connection": known.of(info.Conn.LocalAddr()), "reused": info.Reused, "address": remote["address"], "port": remote["port"]})
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				emit("request-sent", request, nil)
			}
		},
	})
}

// code returns the system's name of an error (ECONNREFUSED) if there is one, otherwise the text of the innermost error.
func code(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		for name, each := range codes {
			if each == number {
				return name
			}
		}
	}
	if err.Error() == "operation was canceled" || strings.HasSuffix(err.Error(), ": operation was canceled") {
		// Package net returns this error for an attempt that lost against another attempt, or whose request is over.
		return "ABORTED"
	}
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err.Error()
}

var codes = map[string]syscall.Errno{
	"ECONNREFUSED": syscall.ECONNREFUSED, "ECONNRESET": syscall.ECONNRESET, "EHOSTUNREACH": syscall.EHOSTUNREACH,
	"ENETUNREACH": syscall.ENETUNREACH, "ETIMEDOUT": syscall.ETIMEDOUT, "EPIPE": syscall.EPIPE, "EADDRNOTAVAIL": syscall.EADDRNOTAVAIL,
}

// tls.VersionName is younger than the Go of Debian 12.
var versions = map[uint16]string{tls.VersionTLS10: "TLS 1.0", tls.VersionTLS11: "TLS 1.1", tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"}

type order struct {
	Id        int
	Method    string
	Url       string
	TimeoutMs int
}

func get(o order) {
	ctx := context.Background()
	if o.TimeoutMs > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(o.TimeoutMs)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	request, err := http.NewRequestWithContext(traced(ctx, o.Id), o.Method, o.Url, nil)
	if err != nil {
		write(message{"id": o.Id, "error": err.Error()})
		return
	}
	response, err := client.Do(request)
	if err != nil {
		write(message{"id": o.Id, "error": code(err), "causes": []string{err.Error()}})
		return
	}
	emit("response-start", o.Id, message{"status": response.StatusCode})
	// The connection goes back to the pool only after the body is read to its end and closed.
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		write(message{"id": o.Id, "error": code(err), "causes": []string{err.Error()}})
		return
	}
	write(message{"id": o.Id, "status": response.StatusCode, "body": string(body)})
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println(strings.TrimPrefix(runtime.Version(), "go"))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "--new-connections" {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableKeepAlives = true
		client.Transport = transport
	}
	write(message{"ready": true})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			panic(err)
		}
		go get(o)
	}
}
