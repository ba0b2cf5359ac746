package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// retrySoon is what we tell callers when something behind us is away for a moment.
const retrySoon = depTimeout

// cron asks for a run of one sync. GET counts as well as POST because cron lines and control panels know nothing else;
// HEAD does not, since link checkers send it.
func (s *Server) cron(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		writeError(w, http.StatusMethodNotAllowed, "use GET or POST")
		return
	}
	name := r.PathValue("name")
	if !s.cronKeyFits(name, r) {
		s.cfg.Log.Warn().Str("sync", name).Str("peer", peerIP(r)).Msg("cron key refused")
		writeError(w, http.StatusForbidden, "access denied")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), depTimeout)
	defer cancel()
	id, err := s.deps.Runs.RequestRun(ctx, name, state.ByCronKey)
	s.answerCron(w, name, id, err)
}

func (s *Server) answerCron(w http.ResponseWriter, name string, id int64, err error) {
	switch {
	case err == nil:
		writeJSON(w, http.StatusAccepted, map[string]any{"request": id, "sync": name})
	case errors.Is(err, state.ErrRunInProgress):
		writeJSON(w, http.StatusOK, map[string]any{"run": id, "sync": name, "note": "a run of this sync is in progress"})
	case fault.Is(err, fault.Held):
		writeJSON(w, http.StatusConflict, map[string]any{"sync": name, "error": "paused: resume it first"})
	default:
		s.unavailable(w, err, "run could not be requested")
	}
}

// cronKeyFits gives an unknown sync, one without a key and a wrong key the same answer in the same time.
func (s *Server) cronKeyFits(name string, r *http.Request) bool {
	want := s.cfg.Syncs[name].CronKey.Reveal()
	got, ok := bearer(r)
	if !ok {
		got = r.URL.Query().Get("key")
	}
	return sameText(want, got) && want != ""
}

// unavailable answers 503 and keeps the reason for the log.
func (s *Server) unavailable(w http.ResponseWriter, err error, what string) {
	s.cfg.Log.Error().Err(err).Str("class", string(fault.ClassOf(err))).Msg(what)
	retryAfter(w, retrySoon)
	writeError(w, http.StatusServiceUnavailable, "not possible at the moment, try again later")
}
