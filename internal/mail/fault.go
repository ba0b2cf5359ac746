package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// account is how errors of this package name the server.
const account = "mail"

// notLetIn are the answers that are about credentials, not about a mail.
var notLetIn = []int{530, 534, 535, 538}

// fault classifies an error of the library. The text is the cause's alone, without what the library adds to it, and
// never holds the password, whatever the server says.
func (s *Sender) fault(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil { // the line was cut for it
		return fault.New(fault.Transient, account, op, "no answer in time: %w", ended)
	}
	cause := errors.New(s.without(text(err)))
	if untrusted(err) {
		cause = fault.Advise(cause, "have this machine trust the certificate, or name its authority in SSL_CERT_FILE; it must be valid for the host of the mail server")
	}
	return fault.New(classOf(err), account, op, "%w", cause)
}

// untrusted says that the server's certificate is the trouble.
func untrusted(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}

func classOf(err error) fault.Class {
	code := answer(err)
	_, fromNet := errors.AsType[net.Error](err)
	switch {
	case slices.Contains(notLetIn, code):
		return fault.Auth
	case code >= 500:
		return fault.Rejected
	case untrusted(err), code == 0 && !fromNet && refusedByUs(err):
		return fault.Refused
	default:
		return fault.Transient
	}
}

// answer is the code of the server's answer, 0 when it gave none.
func answer(err error) int {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return said.Code
	}
	if failed, ok := errors.AsType[*gomail.SendError](err); ok {
		return failed.ErrorCode()
	}
	return 0
}

// refusedByUs says that the server offers nothing that we accept: no TLS, no way to sign in that hides the password.
func refusedByUs(err error) bool {
	return errors.Is(err, smtp.ErrUnencrypted) || errors.Is(err, gomail.ErrNoSupportedAuthDiscovered) ||
		strings.Contains(err.Error(), "does not support")
}

// text is the cause in one line, without what the library adds to it at the end.
func text(err error) string {
	said, _, _ := strings.Cut(err.Error(), ", affected ")
	return strings.Join(strings.Fields(said), " ")
}

// without hides the password, plain or as it travels.
func (s *Sender) without(text string) string {
	password := s.config.Password
	if password == "" {
		return text
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00" + s.config.Username + "\x00" + password))
	alone := base64.StdEncoding.EncodeToString([]byte(password))
	return strings.NewReplacer(password, "***", encoded, "***", alone, "***").Replace(text)
}

// gravest are the classes by who decides what is to be done: another try is worth it for one recipient alone.
var gravest = []fault.Class{fault.Transient, fault.Auth, fault.Refused, fault.Rejected}

// worst joins what was said of several recipients; the first decides.
func worst(failures []error) error {
	slices.SortStableFunc(failures, func(x, y error) int {
		return slices.Index(gravest, fault.ClassOf(x)) - slices.Index(gravest, fault.ClassOf(y))
	})
	return errors.Join(failures...)
}
