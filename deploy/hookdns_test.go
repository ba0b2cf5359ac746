package deploy_test

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/whmcsync/whmcsync/internal/testkit"
)

// pageLimit is what the end of a page may take, whatever is amiss.
const pageLimit = 1200 * time.Millisecond

func TestASilentDNSDoesNotHoldThePage(t *testing.T) {
	t.Parallel()
	server := resolver(t, "127.0.53.11", nil)
	for name, flags := range transports {
		for _, address := range []string{"http://sync.whmcsync.test/hooks/whmcs/main", "https://sync.whmcsync.test/hooks/whmcs/main"} {
			t.Run(address+", "+name, func(t *testing.T) {
				held := configured(address, secret, flags...).withDNS(t, server).fire(t, tenEvents)
				t.Logf("held for %s", held)
				if held > pageLimit {
					t.Errorf("the page was held up for %s", held)
				}
			})
		}
		t.Run("a name in the hosts file, "+name, func(t *testing.T) {
			address, got, _ := startServer(t)
			configured(called("localhost", address), secret, flags...).withDNS(t, server).fire(t, tenEvents)
			got.waitFor(t, "news[1,2,3,4,5,6,7,8,9,10]")
		})
		t.Run("the address is told, "+name, func(t *testing.T) {
			address, got, _ := startServer(t)
			p := configured(called("sync.whmcsync.test", address), secret, flags...).withDNS(t, server)
			p.env = append(p.env, "WHMCSYNC_HOOK_ADDRESS=127.0.0.1")
			p.fire(t, tenEvents)
			got.waitFor(t, "news[1,2,3,4,5,6,7,8,9,10]")
		})
	}
}

func TestANameIsLookedUp(t *testing.T) {
	t.Parallel()
	silent := resolver(t, "127.0.53.12", nil)
	server := resolver(t, "127.0.53.13", func(name string, b *dnsmessage.Builder) error {
		if name != "sync.whmcsync.test." {
			return nil
		}
		alias := dnsmessage.MustNewName("web.whmcsync.test.")
		if err := b.CNAMEResource(header(name), dnsmessage.CNAMEResource{CNAME: alias}); err != nil {
			return err
		}
		return b.AResource(header(alias.String()), dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}})
	})
	for name, flags := range transports {
		t.Run("by an alias, though the first server is silent, "+name, func(t *testing.T) {
			address, got, _ := startServer(t)
			configured(called("Sync.whmcsync.test", address), secret, flags...).withDNS(t, silent, server).fire(t, tenEvents)
			got.waitFor(t, "news[1,2,3,4,5,6,7,8,9,10]")
			if n := got.calls(); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
		t.Run("and is the one that the certificate has to bear, "+name, func(t *testing.T) {
			address, got, _ := startServer(t)
			outside, ca := behindTLS(t, address)
			trust := append([]string{"-d", "curl.cainfo=" + ca, "-d", "openssl.cafile=" + ca}, flags...)
			configured(called("sync.whmcsync.test", outside), secret, trust...).withDNS(t, server).fire(t, tenEvents)
			if touches := got.list(); len(touches) != 0 {
				t.Errorf("sent to a stranger: %v", touches)
			}
			p := configured(called("example.com", outside), secret, trust...).withDNS(t, silent) // which the certificate names
			p.env = append(p.env, "WHMCSYNC_HOOK_ADDRESS=127.0.0.1")
			p.fire(t, tenEvents)
			got.waitFor(t, "news[1,2,3,4,5,6,7,8,9,10]")
		})
		t.Run("and a name that nobody knows is let go, "+name, func(t *testing.T) {
			if held := configured("http://nobody.whmcsync.test/", secret, flags...).withDNS(t, server).fire(t, tenEvents); held > 200*time.Millisecond {
				t.Errorf("the page was held up for %s", held)
			}
		})
	}
}

const tenEvents = `[["ClientEdit",{"userid":1}],["ClientEdit",{"userid":2}],["ClientEdit",{"userid":3}],["ClientEdit",{"userid":4}],["ClientEdit",{"userid":5}],
	["ClientEdit",{"userid":6}],["ClientEdit",{"userid":7}],["ClientEdit",{"userid":8}],["ClientEdit",{"userid":9}],["ClientEdit",{"userid":10}]]`

// called is the address with another name for its host.
func called(host, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String()
}

// withDNS lets the page alone see other name servers: it runs in a mount namespace with an /etc/resolv.conf of its own.
func (p page) withDNS(t *testing.T, servers ...string) page {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "unshare", "-Urm", "true").CombinedOutput(); err != nil {
		testkit.Missing(t, "unshare -Urm is not possible here: "+string(out))
	}
	file, text := filepath.Join(t.TempDir(), "resolv.conf"), ""
	for _, server := range servers {
		text += "nameserver " + server + "\n"
	}
	write(t, file, text)
	p.wrap = []string{"unshare", "-Urm", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, file}
	return p
}

// resolver listens on port 53 of a loopback address, since a resolv.conf cannot name a port. Without answer it never says a word.
func resolver(t *testing.T, ip string, answer func(name string, b *dnsmessage.Builder) error) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", ip+":53")
	if os.IsPermission(err) {
		testkit.Missing(t, "port 53 may not be taken here: "+err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if answer != nil {
		go serveDNS(t, conn, answer)
	}
	return ip
}

func serveDNS(t *testing.T, conn net.PacketConn, answer func(name string, b *dnsmessage.Builder) error) {
	buf := make([]byte, 512)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return // the test is over
		}
		reply, err := replyTo(buf[:n], answer)
		if err == nil {
			_, err = conn.WriteTo(reply, from)
		}
		if err != nil {
			t.Errorf("the question is not well-formed: %v", err)
		}
	}
}

func replyTo(query []byte, answer func(name string, b *dnsmessage.Builder) error) ([]byte, error) {
	var asked dnsmessage.Message
	if err := asked.Unpack(query); err != nil {
		return nil, err
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: asked.ID, Response: true, RecursionAvailable: true})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(asked.Questions[0]); err != nil {
		return nil, err
	}
	if err := b.StartAnswers(); err != nil {
		return nil, err
	}
	if asked.Questions[0].Type == dnsmessage.TypeA {
		if err := answer(asked.Questions[0].Name.String(), &b); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

func header(name string) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: dnsmessage.ClassINET, TTL: 60}
}
