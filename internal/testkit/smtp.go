package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer is how a test's SMTP server behaves. The zero value takes everything, without TLS and from anybody.
type MailServer struct {
	TLS      bool // from the first byte on
	StartTLS bool // is offered
	Username string
	Password string           // "" = nobody need sign in
	Refuse   map[string]error // by recipient's address; SMTPError makes one
	Hang     bool             // takes a mail in and never answers
}

// SMTPError is a refusal of an SMTP server: 550 and the like.
func SMTPError(code int, message string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: message}
}

// ReceivedMail is a mail as an SMTP server got it.
type ReceivedMail struct {
	From string
	To   []string
	UTF8 bool   // the sender asked for SMTPUTF8, which a MailProcess alone offers
	User string // who had signed in, as a MailProcess tells
	Data string // headers and body as they were sent
}

// SMTPServer is an SMTP server of a test's own, inside the test's process: for what a real one cannot be made to do.
type SMTPServer struct {
	Host  string
	Port  int
	Roots *x509.CertPool // trusts its certificate

	as     MailServer
	gone   chan struct{} // closed at the end of the test
	mu     sync.Mutex
	mails  []ReceivedMail
	visits int
}

// SMTP starts an SMTP server on the loopback and stops it at the end of the test.
func SMTP(t testing.TB, as MailServer) *SMTPServer {
	t.Helper()
	s := &SMTPServer{Host: "127.0.0.1", Roots: x509.NewCertPool(), as: as, gone: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.visits++
		return &mailSession{server: s}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "mail.test", true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	s.Port = listener.Addr().(*net.TCPAddr).Port
	if as.TLS || as.StartTLS {
		certificate := selfSigned(t, s.Roots)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	if as.TLS {
		listener = tls.NewListener(listener, server.TLSConfig)
		server.TLSConfig = nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		close(s.gone)
		_ = server.Close()
		<-ended
	})
	return s
}

// Received are the mails taken so far, in their order.
func (s *SMTPServer) Received() []ReceivedMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]ReceivedMail(nil), s.mails...)
}

// Visits is how many connections have said hello.
func (s *SMTPServer) Visits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits
}

// selfSigned makes a certificate for the loopback that roots trust.
func selfSigned(t testing.TB, roots *x509.CertPool) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// mailSession is one connection.
type mailSession struct {
	server   *SMTPServer
	signedIn bool
	mail     ReceivedMail
}

func (m *mailSession) Reset()        { m.mail = ReceivedMail{} }
func (m *mailSession) Logout() error { return nil }

// AuthMechanisms implements smtp.AuthSession.
func (m *mailSession) AuthMechanisms() []string {
	if m.server.as.Password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (m *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if m.signedIn = username == m.server.as.Username && password == m.server.as.Password; !m.signedIn {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no entry for " + username + " with " + password}
		}
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (m *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if m.server.as.Password != "" && !m.signedIn {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	m.mail.From = from
	return nil
}

// Rcpt implements smtp.Session.
func (m *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := m.server.as.Refuse[to]; err != nil {
		return err
	}
	m.mail.To = append(m.mail.To, to)
	return nil
}

// Data implements smtp.Session.
func (m *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if m.server.as.Hang {
		<-m.server.gone
	}
	m.mail.Data = string(data)
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	m.server.mails = append(m.server.mails, m.mail)
	return nil
}
