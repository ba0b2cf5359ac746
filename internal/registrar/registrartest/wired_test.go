package registrartest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/registrar/registrartest"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { registrartest.Main(m) }

const apiKey = "k3y/with+odd=signs"

// The registrar in memory is put behind a wire, so that the kit's half about the wire is tried on all powers.
func TestARegistrarBehindAWirePasses(t *testing.T) {
	t.Parallel()
	registrartest.Run(t, func(t testing.TB, s registrartest.Setup) registrartest.Harness {
		account := memory.New(memory.Config{PageSize: s.PageSize})
		server := serve(t, account)
		client, err := httpx.New(httpx.Config{
			Account: "wired", BaseURL: server.URL(), Header: http.Header{"X-Key": {apiKey}}, Secrets: []string{apiKey},
			Timeout: s.Timeout, InFlight: s.InFlight, Limiter: s.Limiter,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return registrartest.Harness{
			Registrar: wired{client}, Other: account, Secrets: []string{apiKey}, Settings: true,
			Wire:     wiretest.Sim(server, "SetAutoRenew", "SetPrivacy", "Renew"),
			Statuses: []registrar.Status{registrar.Active, registrar.Lapsed, registrar.Failed},
			Traces:   []registrar.Status{registrar.Deleted, registrar.Lapsed},
			Classes:  map[int]fault.Class{http.StatusNotFound: fault.NotFound},
		}
	})
}

// request is what goes over the wire, one for all calls.
type request struct {
	Name   registrar.Name   `json:",omitempty"`
	After  registrar.Cursor `json:",omitempty"`
	Domain registrar.Domain `json:",omitzero"`
	On     bool             `json:",omitempty"`
	Years  int              `json:",omitempty"`
}

// renewed is what a renewal comes back with.
type renewed struct {
	Dates registrar.Dates
	Notes []string
}

func serve(t testing.TB, account *memory.Account) *simkit.Server {
	t.Helper()
	server := simkit.New(simkit.API{Route: func(r *http.Request) (string, func() simkit.Answer) {
		call := strings.TrimPrefix(r.URL.Path, "/")
		return call, func() simkit.Answer {
			var in request
			raw, _ := simkit.Body(r)
			_ = json.Unmarshal(raw, &in)
			return answer(answers(r.Context(), account, call, in))
		}
	}}, simkit.Options{})
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func answers(ctx context.Context, a *memory.Account, call string, in request) (any, error) {
	switch call {
	case "Get":
		return a.Get(ctx, in.Name)
	case "ListPage":
		return a.ListPage(ctx, in.After)
	case "Transfer":
		return a.Transfer(ctx, in.Name)
	case "ListTransfersPage":
		return a.ListTransfersPage(ctx, in.After)
	case "SetAutoRenew":
		return a.SetAutoRenew(ctx, in.Domain, in.On)
	case "SetPrivacy":
		return a.SetPrivacy(ctx, in.Domain, in.On)
	case "Renew":
		dates, notes, err := a.Renew(ctx, in.Domain, in.Years)
		return renewed{dates, notes}, err
	case "Departed":
		return a.Departed(ctx, in.Name)
	case "Testify":
		return a.Testify(ctx, in.Name)
	case "Check":
		return a.Check(ctx)
	default:
		return nil, errors.New("no such call")
	}
}

func answer(out any, err error) simkit.Answer {
	switch fault.ClassOf(err) {
	case "":
		return simkit.JSON(http.StatusOK, out)
	case fault.NotFound:
		return simkit.Failed(http.StatusNotFound, "Not found")
	case fault.Refused:
		return simkit.Failed(http.StatusConflict, "Not a cursor of ours")
	default:
		return simkit.Failed(http.StatusUnprocessableEntity, err.Error())
	}
}

// wired is a vendor: all it does is to send what it is asked.
type wired struct{ client *httpx.Client }

func send[T any](ctx context.Context, w wired, call string, in request) (out T, err error) {
	_, err = w.client.Do(ctx, httpx.Request{Op: call, Call: call, Method: http.MethodPost, Path: "/" + call, Body: in, Out: &out})
	return out, err
}

// sendAll is for calls about no single name: that one is not found would mean that the call itself is not there.
func sendAll[T any](ctx context.Context, w wired, call string, in request) (out T, err error) {
	out, err = send[T](ctx, w, call, in)
	status, ok := errors.AsType[*httpx.StatusError](err)
	switch {
	case ok && status.Status == http.StatusNotFound:
		err = fault.New(fault.Protocol, "wired", call, "%w", status)
	case ok && status.Status == http.StatusConflict && strings.Contains(status.Text, "cursor"):
		err = fault.New(fault.Refused, "wired", call, "%w", status)
	}
	return out, err
}

func (w wired) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	return send[registrar.Domain](ctx, w, "Get", request{Name: name})
}

func (w wired) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	return sendAll[registrar.Page](ctx, w, "ListPage", request{After: after})
}

func (w wired) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	return send[registrar.Transfer](ctx, w, "Transfer", request{Name: name})
}

func (w wired) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	return sendAll[registrar.TransferPage](ctx, w, "ListTransfersPage", request{After: after})
}

func (w wired) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	return send[[]string](ctx, w, "SetAutoRenew", request{Domain: d, On: on})
}

func (w wired) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	return send[[]string](ctx, w, "SetPrivacy", request{Domain: d, On: on})
}

func (w wired) Renew(ctx context.Context, d registrar.Domain, years int) (registrar.Dates, []string, error) {
	if years < 1 || years > 10 {
		return registrar.Dates{}, nil, fault.New(fault.Refused, "wired", "Renew", "%d years cannot be bought", years)
	}
	out, err := send[renewed](ctx, w, "Renew", request{Domain: d, Years: years})
	if status, ok := errors.AsType[*httpx.StatusError](err); ok && status.Status == http.StatusServiceUnavailable {
		err = fault.New(fault.Transient, "wired", "Renew", "%w", status)
	}
	return out.Dates, out.Notes, err
}

func (w wired) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	return send[registrar.Departure](ctx, w, "Departed", request{Name: name})
}

func (w wired) Testify(ctx context.Context, name registrar.Name) (registrar.Testimony, error) {
	return send[registrar.Testimony](ctx, w, "Testify", request{Name: name})
}

func (w wired) Check(ctx context.Context) (registrar.Health, error) {
	return sendAll[registrar.Health](ctx, w, "Check", request{})
}
