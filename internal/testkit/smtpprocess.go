package testkit

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/smtpd.py
var smtpd []byte

// MailProcess is an SMTP server that is a process of its own and shares no code with us: aiosmtpd of Debian. It is strict
// about addresses that need SMTPUTF8, and without TLS takes nothing where it was told to offer it.
type MailProcess struct {
	Host        string
	Port        int
	Roots       *x509.CertPool // trusts its certificate
	Certificate string         // the same as a PEM file, for SSL_CERT_FILE

	t      testing.TB
	python string
	script string
	config map[string]any
	cmd    *exec.Cmd
	stdin  io.Closer
}

// SMTPProcess starts a mail server as a process and stops it at the end of the test. It takes TLS, StartTLS, Username and
// Password of as.
func SMTPProcess(t testing.TB, as MailServer) *MailProcess {
	t.Helper()
	dir := t.TempDir()
	p := &MailProcess{
		Host: "127.0.0.1", Roots: x509.NewCertPool(), Certificate: filepath.Join(dir, "certificate.pem"),
		t: t, python: pythonWith(t, "aiosmtpd"), script: filepath.Join(dir, "smtpd.py"),
	}
	key := filepath.Join(dir, "key.pem")
	writePEM(t, selfSigned(t, p.Roots), p.Certificate, key)
	write(t, p.script, smtpd)
	folder := filepath.Join(dir, "mails")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatalf("testkit: %v", err)
	}
	p.config = map[string]any{
		"port": 0, "folder": folder, "certificate": p.Certificate, "key": key, "tls": tlsName(as), "username": as.Username, "password": as.Password,
	}
	p.Start()
	t.Cleanup(p.Kill)
	return p
}

func tlsName(as MailServer) string {
	switch {
	case as.TLS:
		return "tls"
	case as.StartTLS:
		return "starttls"
	default:
		return ""
	}
}

// Start starts the server, after Kill on the port that it had, with the mails that it had.
func (p *MailProcess) Start() {
	p.t.Helper()
	config, err := json.Marshal(p.config)
	if err != nil {
		p.t.Fatalf("testkit: %v", err)
	}
	var printed Printed
	p.cmd = exec.CommandContext(p.t.Context(), p.python, p.script, string(config))
	p.cmd.Stderr = &printed
	p.stdin, err = p.cmd.StdinPipe() // its end is the server's, should this process be killed
	if err != nil {
		p.t.Fatalf("testkit: %v", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatalf("testkit: %v", err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("testkit: %v", err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if p.Port, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		p.Kill()
		p.t.Fatalf("testkit: the mail server does not start: %s", printed.String())
	}
	p.config["port"] = p.Port
}

// Kill ends the server as a crash would.
func (p *MailProcess) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.stdin.Close()
}

// Received are the mails taken so far, in their order.
func (p *MailProcess) Received() []ReceivedMail {
	p.t.Helper()
	var mails []ReceivedMail
	for {
		path := filepath.Join(p.config["folder"].(string), strconv.Itoa(len(mails)+1))
		envelope, err := os.ReadFile(path + ".json")
		if err != nil {
			return mails
		}
		data, err := os.ReadFile(path + ".eml")
		if err != nil {
			p.t.Fatalf("testkit: %v", err)
		}
		var mail ReceivedMail
		if err := json.Unmarshal(envelope, &mail); err != nil {
			p.t.Fatalf("testkit: %v", err)
		}
		mail.Data = string(data)
		mails = append(mails, mail)
	}
}

// pythonWith finds a Python that has a module or ends the test: the one in PATH need not be the distribution's.
func pythonWith(t testing.TB, module string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	Missing(t, "Python has no "+module+": apt-get install python3-"+module)
	return ""
}

func writePEM(t testing.TB, pair tls.Certificate, certificate, key string) {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	write(t, certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatalf("testkit: %v", err)
	}
}
