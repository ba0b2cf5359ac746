package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

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
	ID      string // unique among all mails from our domain; the same whenever it is sent again
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
	session, err := s.dial(ctx)
	if err != nil {
		return s.fault(ctx, op, err)
	}
	defer session.hangUp()
	return s.fault(ctx, op, session.smtp.Reset())
}

// Send hands the message to the server once for each recipient, and calls taken as soon as the server has said that it
// took one: whatever happens later, that one is under way. The error is that of the others, and its class the one to act
// upon: Transient when another try may help one of them, Auth when the server does not let us in, Rejected when it does not
// want their mail, Refused when we do not trust it.
func (s *Sender) Send(ctx context.Context, m Message, to []string, taken func(recipient string)) error {
	session, err := s.dial(ctx)
	if err != nil {
		return s.fault(ctx, "send mail", err)
	}
	defer session.hangUp()
	var failures []error
	for _, recipient := range to {
		if err := s.send(ctx, session, m, recipient); err != nil {
			failures = append(failures, err)
			continue
		}
		taken(recipient)
	}
	return worst(failures)
}

func (s *Sender) send(ctx context.Context, session session, m Message, to string) error {
	op := "send mail to " + to
	letter, international, err := s.letter(m, to)
	if err != nil {
		return fault.New(fault.Rejected, account, op, "%w", err)
	}
	if offered, _ := session.smtp.Extension("SMTPUTF8"); international && !offered {
		return fault.New(fault.Rejected, account, op, "the server takes no such letters before the @ of an address (SMTPUTF8)")
	}
	session.smtp.SkipSMTPUTF8(!international) // where nobody needs it, it would only keep the mail from older servers
	err = session.client.SendWithSMTPClient(session.smtp, letter)
	if letter.IsDelivered() {
		return nil // whatever was said afterwards, the server has it
	}
	return s.fault(ctx, op, err)
}

// letter is the message for one recipient. Machines are told not to answer it.
func (s *Sender) letter(m Message, to string) (letter *gomail.Msg, international bool, err error) {
	sender, err := parse(s.config.From)
	if err != nil {
		return nil, false, err
	}
	recipient, err := parse(to)
	if err != nil {
		return nil, false, err
	}
	letter = gomail.NewMsg()
	letter.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, sender.Address)
	letter.SetAddrHeaderFromMailAddress(gomail.HeaderTo, recipient.Address)
	letter.Subject(m.Subject)
	letter.SetMessageIDWithValue(m.ID + "@" + sender.domain())
	letter.SetDateWithValue(m.Date)
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetGenHeader("X-Auto-Response-Suppress", "All")
	letter.SetBodyString(gomail.TypeTextPlain, m.Text)
	letter.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return letter, sender.international || recipient.international, nil
}

// session is a connection on which we are signed in.
type session struct {
	client *gomail.Client
	smtp   *smtp.Client
	hangUp func()
}

// dial connects, encrypts and signs in. The end of ctx ends the connection as hangUp does: the library heeds ctx only until
// it is connected.
func (s *Sender) dial(ctx context.Context) (session, error) {
	line := &line{}
	client, err := gomail.NewClient(s.config.Host, s.options(line)...)
	if err != nil {
		return session{}, err
	}
	stop := context.AfterFunc(ctx, line.cut)
	wire, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		stop()
		line.cut()
		return session{}, err
	}
	return session{client, wire, func() {
		_ = client.CloseWithSMTPClient(wire)
		stop()
		line.cut()
	}}, nil
}

func (s *Sender) options(l *line) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.config.Port), gomail.WithTimeout(s.config.Patience), gomail.WithTLSConfig(s.tls),
		gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithDialContextFunc(l.to(&net.Dialer{})),
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
