package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

const (
	maxHookBody = 64 << 10
	hookSkew    = 5 * time.Minute
	// nonceLife covers the whole time in which a timestamp is believed.
	nonceLife = 2*hookSkew + time.Minute

	timestampHeader = "X-Whmcsync-Timestamp"
	signatureHeader = "X-Whmcsync-Signature"
	signaturePrefix = "sha256="
)

// SignHook makes the value of X-Whmcsync-Signature for a body sent at a time (unix seconds).
func SignHook(secret string, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strconv.FormatInt(timestamp, 10)))
	mac.Write([]byte("."))
	mac.Write(body)
	return signaturePrefix + hex.EncodeToString(mac.Sum(nil))
}

// hook takes what a WHMCS install says about its clients and domains. The order matters: nothing is read into a meaning and nothing
// is remembered before the signature is right. A sender that tries again must sign anew.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	source, known := s.cfg.Sources[name]
	if !known || source.HookSecret.IsZero() {
		writeError(w, http.StatusNotFound, "no hooks here")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHookBody))
	if err != nil {
		hookBodyError(w, err)
		return
	}
	signature, err := verifyHook(r.Header, body, source.HookSecret.Reveal(), s.cfg.Now())
	if err != nil {
		s.cfg.Log.Warn().Str("source", name).Str("peer", peerIP(r)).Str("reason", err.Error()).Msg("hook refused")
		writeError(w, http.StatusUnauthorized, err.Error())
		return
	}
	// The hook file does not wait for the answer, and net/http takes that for a caller who lost interest.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), depTimeout)
	defer cancel()
	s.acceptHook(ctx, w, name, signature, body)
}

func hookBodyError(w http.ResponseWriter, err error) {
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		writeError(w, http.StatusRequestEntityTooLarge, "the body may have 64 KiB at most")
		return
	}
	writeError(w, http.StatusBadRequest, "the body could not be read")
}

// verifyHook returns the signature in its one spelling, so that the same call in other letters is still the same call.
func verifyHook(h http.Header, body []byte, secret string, now time.Time) (string, error) {
	timestamp, err := strconv.ParseInt(h.Get(timestampHeader), 10, 64)
	if err != nil {
		return "", errors.New("the timestamp is missing or no number")
	}
	want := SignHook(secret, timestamp, body)
	if !hmac.Equal([]byte(want), []byte(strings.ToLower(h.Get(signatureHeader)))) {
		return "", errors.New("the signature is wrong")
	}
	if age := now.Sub(time.Unix(timestamp, 0)); age > hookSkew || age < -hookSkew {
		return "", errors.New("the timestamp is more than 5 minutes away from this machine's clock")
	}
	return want, nil
}

// acceptHook refuses what was seen before and passes the rest on.
func (s *Server) acceptHook(ctx context.Context, w http.ResponseWriter, name, signature string, body []byte) {
	seen, err := s.deps.Nonces.Seen(ctx, name, signature, nonceLife)
	switch {
	case err != nil:
		s.unavailable(w, err, "hook could not be checked for replay")
		return
	case seen:
		writeError(w, http.StatusConflict, "this call was made before")
		return
	}
	event, err := decodeHook(body)
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	s.touchAll(ctx, w, name, event)
}

// touchAll passes the ids to every sync of the source that they concern.
func (s *Server) touchAll(ctx context.Context, w http.ResponseWriter, name string, event hookEvent) {
	source := s.cfg.Sources[name]
	clients, err := s.touchEach(ctx, source.Syncs, event.Clients)
	domains, domainsErr := s.touchEach(ctx, source.DomainSyncs, event.Domains)
	switch err := errors.Join(err, domainsErr); {
	case err != nil:
		s.unavailable(w, err, "hook could not be passed on")
	case clients+domains == 0:
		writeJSON(w, http.StatusAccepted, map[string]any{"status": "ignored"})
	default:
		writeJSON(w, http.StatusAccepted, map[string]any{"status": "accepted", "clients": clients, "domains": domains})
	}
}

// touchEach passes ids to each of the syncs, also when one of them fails, and returns how many ids concern anybody. Ids
// that a sync's filter does not admit are left alone when the sync looks at them.
func (s *Server) touchEach(ctx context.Context, syncs []string, ids []int64) (int, error) {
	if len(ids) == 0 || len(syncs) == 0 {
		return 0, nil
	}
	var problems []error
	for _, sync := range syncs {
		problems = append(problems, s.deps.Touches.Touch(ctx, sync, ids, state.ByHook))
	}
	return len(ids), errors.Join(problems...)
}
