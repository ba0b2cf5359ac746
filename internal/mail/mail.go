package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// How a connection is protected.
const (
	StartTLS = "starttls" // required: a server that does not offer it gets nothing
	TLS      = "tls"      // from the first byte on
	Plain    = "none"     // a password is then sent by a method that hides it, or to this machine only
)

// Config is the server that takes our mail.
type Config struct {
	Host     string
	Port     int
	From     string // an address, perhaps with a name before it
	Username string // "" = nobody signs in
	Password string
	TLS      string         // StartTLS (the default), TLS or Plain
	Patience time.Duration  // how long the server may take for an answer; default 20 s
	Roots    *x509.CertPool // whose certificates are trusted; nil = those of the system
}

// Message is what is sent, in both forms.
type Message struct {
	ID      string // of the mail, with an @; the same whenever it is sent again
	Subject string
	HTML    string
	Text    string
	Date    time.Time
}

// Sender hands mails to one server. Safe for concurrent use; it holds no connection between calls.
type Sender struct {
	config Config
	tls    *tls.Config
}

// New makes a sender. Nothing is connected yet.
func New(c Config) *Sender {
	c.TLS = cmp.Or(c.TLS, StartTLS)
	c.Patience = cmp.Or(c.Patience, 20*time.Second)
	return &Sender{config: c, tls: &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}}
}

// Check connects and signs in, and sends nothing. Errors as of Send.
func (s *Sender) Check(ctx context.Context) error {
	const op = "sign in to the mail server"
	client, hangUp, err := s.dial(ctx)
	if err != nil {
		return s.fault(ctx, op, err)
	}
	defer hangUp()
	return s.fault(ctx, op, client.Reset())
}

// Send hands the message to the server once for each recipient and returns those whom the server took it for. The error
// is that of the others, and its class the one to act upon: Transient when another try may help one of them, Auth when
// the server does not let us in, Rejected when it does not want their mail, Refused when we do not trust it.
func (s *Sender) Send(ctx context.Context, m Message, to []string) (taken []string, err error) {
	client, hangUp, err := s.dial(ctx)
	if err != nil {
		return nil, s.fault(ctx, "send mail", err)
	}
	defer hangUp()
	var failures []error
	for _, address := range to {
		if err := s.send(ctx, client, m, address); err != nil {
			failures = append(failures, err)
			continue
		}
		taken = append(taken, address)
	}
	return taken, worst(failures)
}

func (s *Sender) send(ctx context.Context, client *gomail.Client, m Message, to string) error {
	letter, err := s.letter(m, to)
	if err != nil {
		return fault.New(fault.Rejected, account, "send mail to "+to, "%w", err)
	}
	err = client.Send(letter)
	if letter.IsDelivered() {
		return nil // whatever was said afterwards, the server has it
	}
	return s.fault(ctx, "send mail to "+to, err)
}

// letter is the message for one recipient. Machines are told not to answer it.
func (s *Sender) letter(m Message, to string) (*gomail.Msg, error) {
	letter := gomail.NewMsg()
	if err := errors.Join(letter.From(s.config.From), letter.To(to)); err != nil {
		return nil, err
	}
	letter.Subject(m.Subject)
	letter.SetMessageIDWithValue(m.ID)
	letter.SetDateWithValue(m.Date)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetGenHeader("X-Auto-Response-Suppress", "All")
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)
	letter.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return letter, nil
}

// dial connects, encrypts and signs in. hangUp ends the connection, as the end of ctx does: the library heeds ctx only
// until it is connected.
func (s *Sender) dial(ctx context.Context) (client *gomail.Client, hangUp func(), err error) {
	line := &line{}
	client, err = gomail.NewClient(s.config.Host, s.options(line)...)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, line.cut)
	if err := client.DialWithContext(ctx); err != nil {
		stop()
		line.cut()
		return nil, nil, err
	}
	return client, func() {
		_ = client.Close()
		stop()
		line.cut()
	}, nil
}

func (s *Sender) options(l *line) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTimeout(s.config.Patience), gomail.WithTLSConfig(s.tls),
		gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithoutSMTPUTF8(), gomail.WithDialContextFunc(l.to(&net.Dialer{})),
	}
	switch s.config.TLS {
	case TLS:
		options = append(options, gomail.WithSSL(), gomail.WithDialContextFunc(l.to(&tls.Dialer{Config: s.tls})))
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.config.Username != "" {
		options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password),
			gomail.WithOpportunisticSMTPAuth(s.methods()...))
	}
	return options
}

// methods are the ways to sign in, the best first. The simple ones are those that every server gets right; where nothing
// is encrypted they are the last resort, which the library takes on the loopback only.
func (s *Sender) methods() []gomail.SMTPAuthType {
	simple := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	hidden := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthCramMD5}
	if s.config.TLS == Plain {
		return append(hidden, simple...)
	}
	return append(simple, hidden...)
}
