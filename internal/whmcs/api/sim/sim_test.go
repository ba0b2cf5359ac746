package sim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/api/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Identifier, opt.Secret = "id", "key"
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// ask posts a call with good credentials, unless the parameters (name, value, ...) say otherwise.
func ask(t *testing.T, address string, params ...string) string {
	t.Helper()
	form := url.Values{"identifier": {"id"}, "secret": {"key"}, "responsetype": {"json"}, "action": {"SendEmail"}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.Status[:3] + " " + string(raw)
}

func TestItSaysNoAsTheRealOneDoes(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{Actions: []string{"SendEmail"}, Version: "9.0.1"})
	for name, tc := range map[string]struct {
		params []string
		want   string
	}{
		"another identifier":       {[]string{"identifier", "x"}, `403 {"message":"Authentication Failed","result":"error"}`},
		"another secret":           {[]string{"secret", "x"}, `403 {"message":"Authentication Failed","result":"error"}`},
		"an unknown action":        {[]string{"action", "DomainSync"}, `200 {"message":"Command Not Found","result":"error"}`},
		"an action of other roles": {[]string{"action", "WhmcsDetails"}, `403 {"message":"Invalid Permissions: API action \"whmcsdetails\" is not allowed","result":"error"}`},
		"no template":              {nil, `200 {"message":"You must provide either an existing email template name or a custom message type","result":"error"}`},
		"no id":                    {[]string{"messagename", "Domain Transfer Failed"}, `200 {"message":"A related ID is required","result":"error"}`},
		"an id that is none":       {[]string{"messagename", "Domain Transfer Failed", "id", "x"}, `200 {"message":"Sending Failed. Please see documentation.","result":"error"}`},
		"another form of answer":   {[]string{"responsetype", "xml"}, `200 result=error;message=this is how answers look unless JSON is asked for;`},
	} {
		if diff := cmp.Diff(tc.want, ask(t, server.URL(), tc.params...)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	if got := ask(t, server.URL()+"/more"); !strings.HasPrefix(got, "404 ") {
		t.Error(got)
	}
	if len(server.Mails()) > 0 {
		t.Errorf("mails were sent: %v", server.Mails())
	}
}

func TestItNotesWhatMustNotBeDone(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	mail := []string{"messagename", "Domain Transfer Failed", "id", "3"}
	ask(t, server.URL()+"?secret=key", mail...)
	ask(t, server.URL(), mail...)
	want := []simkit.Violation{
		{Kind: "secret_in_url", Subject: "secret"},
		{Kind: "mailed_twice", Subject: "Domain Transfer Failed to the owner of domain 3"},
	}
	if diff := cmp.Diff(want, server.Violations()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	server.Reset()
	if diff := cmp.Diff([]sim.Mail{}, server.Mails()); diff != "" {
		t.Error(diff)
	}
}

func TestItShowsItsMails(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	ask(t, server.URL(), "messagename", "Domain Transfer Completed", "id", "3")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(server.AdminURL() + "/state")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || !strings.HasPrefix(string(raw), `{"mails":[{"template":"Domain Transfer Completed","domain_id":3}],"calls":{"SendEmail":1}`) {
		t.Errorf("%s, %v", raw, err)
	}
}
