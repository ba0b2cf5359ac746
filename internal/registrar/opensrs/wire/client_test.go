package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

const key = "k3y/with+odd=signs"

// asked is what a server was sent.
type asked struct {
	body   []byte
	header http.Header
}

// answering returns a client of a server that gives one answer, and what that server was sent last.
func answering(t *testing.T, status int, answer []byte) (wire.Client, *asked) {
	t.Helper()
	var got asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.body, _ = io.ReadAll(r.Body)
		got.header = r.Header
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	client, err := httpx.New(httpx.Config{Account: "osrs", BaseURL: server.URL, Secrets: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return wire.Client{HTTP: client, Username: "acme", Key: key}, &got
}

var calls = map[string]struct {
	request, answer string
	do              func(context.Context, wire.Client) (any, error)
	want            any
}{
	"a list of domains": {
		"domains_request.xml", "domains.xml",
		func(ctx context.Context, c wire.Client) (any, error) {
			return c.Domains(ctx, wire.Span{From: "1990-01-01", To: "2045-12-31"}, wire.Pages{Page: 1, Limit: 10_000})
		},
		wire.Listing{Total: 7, More: true, Domains: []wire.Listed{
			{Name: "example.com", Expiry: "2027-11-03 16:14:46", AutoRenew: "N", LetExpire: "N"},
			{Name: "xn--bcher-kva.example", Expiry: "2028-01-05 22:11:11", AutoRenew: "Y", LetExpire: "N"},
		}},
	},
	"a look-up": {
		"all_info_request.xml", "all_info.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.Domain(ctx, "example.com") },
		wire.Domain{Expiry: "2027-04-07 20:45:46", RegistryExpiry: "2028-04-07 20:45:46", AutoRenew: "1", LetExpire: "0", Sponsor: "1"},
	},
	"a look-up of privacy": {
		"privacy_request.xml", "privacy.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.Privacy(ctx, "example.com") },
		wire.Privacy{State: "enabled", Changeable: "1"},
	},
	"a question whose a name is": {
		"belongs_request.xml", "belongs.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.Belongs(ctx, "example.com") },
		wire.Belonging{Ours: true, Expiry: "2027-04-07 20:45:46"},
	},
	"auto-renew off": {
		"auto_renew_request.xml", "updated.xml",
		func(ctx context.Context, c wire.Client) (any, error) {
			return c.SetExpireAction(ctx, "example.com", false)
		},
		wire.Reply{Success: true, Code: 250, Text: "Submitted to the registry"},
	},
	"privacy on": {
		"set_privacy_request.xml", "updated.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.SetPrivacy(ctx, "example.com", true) },
		wire.Reply{Success: true, Code: 250, Text: "Submitted to the registry"},
	},
	"a check of a transfer": {
		"check_transfer_request.xml", "check_transfer.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.CheckTransfer(ctx, "example.com") },
		wire.TransferCheck{Status: "cancelled", Reason: "Refused by the owner"},
	},
	"a list of transfers in": {
		"transfers_in_request.xml", "transfers_in.xml",
		func(ctx context.Context, c wire.Client) (any, error) {
			return c.TransfersIn(ctx, "2027-01-01", wire.Pages{Page: 1, Limit: 40})
		},
		wire.Transfers{Total: 1, Transfers: []wire.Transfer{{ID: "37021", Domain: "example.com", Status: "pending_owner"}}},
	},
	"a list of transfers away": {
		"transfers_away_request.xml", "transfers_away.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.TransfersAway(ctx, "example.com") },
		[]wire.Transfer{{ID: "9", Domain: "example.com", Status: "completed", Completed: "09-MAY-2027 14:52:55"}},
	},
	"a list of deletions": {
		"deleted_request.xml", "deleted.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.DeletedDomains(ctx, "example.com") },
		[]wire.Deleted{{Name: "example.com", Day: "07-JAN-2027 13:51:53", Reason: "By-Request"}},
	},
	"an empty list": {
		"deleted_request.xml", "none.xml",
		func(ctx context.Context, c wire.Client) (any, error) { return c.DeletedDomains(ctx, "example.com") },
		[]wire.Deleted{},
	},
}

func TestRequestsAndAnswersAreAsReviewed(t *testing.T) {
	t.Parallel()
	for name, tc := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := answering(t, http.StatusOK, fixture(t, tc.answer))
			got, err := tc.do(t.Context(), client)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			sameMessage(t, fixture(t, tc.request), sent.body)
			if got := sent.header.Get("X-Username") + " " + sent.header.Get("X-Signature"); got != "acme "+wire.Sign(sent.body, key) {
				t.Errorf("signed as %q", got)
			}
		})
	}
}

func sameMessage(t *testing.T, want, got []byte) {
	t.Helper()
	values := make([]wire.Value, 2)
	for i, message := range [][]byte{want, got} {
		var err error
		if values[i], err = wire.Decode(message); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(values[0], values[1]); diff != "" {
		t.Error(diff)
	}
}

func TestEveryCodeHasItsClass(t *testing.T) {
	t.Parallel()
	for code, class := range map[string]fault.Class{
		"300": fault.RateLimited, "310": fault.RateLimited, "350": fault.RateLimited,
		"400": fault.Transient, "405": fault.Transient, "437": fault.Transient, "486": fault.Transient, "705": fault.Transient,
		"400 Access denied: 192.0.2.7": fault.Auth, "401": fault.Auth, "410": fault.Auth,
		"404": fault.NotFound, "415": fault.NotFound, "480": fault.NotFound,
		"430": fault.Rejected, "435": fault.Rejected, "460": fault.Rejected, "465": fault.Rejected, "485": fault.Rejected,
		"487": fault.Rejected, "555": fault.Rejected, "799": fault.Protocol,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			number, text, _ := strings.Cut(code, " ")
			refusal := wire.Texts(map[string]string{"is_success": "0", "response_code": number, "response_text": text + " (key " + key + ")"})
			client, _ := answering(t, http.StatusOK, wire.Encode(refusal))
			for what, want := range map[string]fault.Class{"one name": class, "a list": listClass(class), "a change": writeClass(class)} {
				err := acts[what](t.Context(), client)
				if got := fault.ClassOf(err); got != want {
					t.Errorf("%s: %q, want %q: %v", what, got, want, err)
				}
				if strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "code "+number) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

var acts = map[string]func(context.Context, wire.Client) error{
	"one name": func(ctx context.Context, c wire.Client) error { _, err := c.Domain(ctx, "example.com"); return err },
	"a list": func(ctx context.Context, c wire.Client) error {
		_, err := c.Domains(ctx, wire.Span{}, wire.Pages{})
		return err
	},
	"a change": func(ctx context.Context, c wire.Client) error {
		_, err := c.SetPrivacy(ctx, "example.com", true)
		return err
	},
}

// listClass and writeClass: only a look-up can find that something is not there.
func listClass(c fault.Class) fault.Class { return instead(c, fault.Protocol) }

func writeClass(c fault.Class) fault.Class { return instead(c, fault.Rejected) }

func instead(c, missing fault.Class) fault.Class {
	if c == fault.NotFound {
		return missing
	}
	return c
}

func TestAnAnswerThatLacksWhatItMustHoldIsNotBelieved(t *testing.T) {
	t.Parallel()
	bare := wire.Encode(wire.Texts(map[string]string{"is_success": "1", "response_code": "200"}))
	for _, name := range []string{
		"a list of domains", "a look-up", "a question whose a name is", "a list of transfers in", "a list of transfers away",
		"a list of deletions",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := answering(t, http.StatusOK, bare)
			got, err := calls[name].do(t.Context(), client)
			if !fault.Is(err, fault.Protocol) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestAnotherSuccessThanHTTP200IsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusAccepted, http.StatusNoContent} {
		client, _ := answering(t, status, nil)
		if _, err := client.SetPrivacy(t.Context(), "example.com", true); !fault.Is(err, fault.Protocol) {
			t.Errorf("HTTP %d: %v", status, err)
		}
	}
}

func TestARefusalInsideASuccessIsARefusal(t *testing.T) {
	t.Parallel()
	client, _ := answering(t, http.StatusOK, fixture(t, "details.xml"))
	_, err := client.SetPrivacy(t.Context(), "example.com", true)
	if !fault.Is(err, fault.Rejected) || !strings.Contains(err.Error(), "Not for this extension") {
		t.Error(err)
	}
}
