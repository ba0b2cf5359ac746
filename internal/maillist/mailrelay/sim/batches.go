package sim

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// jobs are the batches that were asked for; each is executed at once and can be read afterwards.
type jobs struct {
	mu  sync.Mutex
	all [][]operationResult
}

type newJob struct {
	CallbackURL string         `json:"callback_url"`
	Operations  []newOperation `json:"operations_attributes"`
}

type newOperation struct {
	ID      string `json:"operation_id"`
	Method  string `json:"request_method"`
	Path    string `json:"request_path"`
	Body    string `json:"request_body"`
	Headers string `json:"request_headers"`
}

type operationResult struct {
	ID     string `json:"operation_id"`
	Status int    `json:"response_status"`
	Body   string `json:"response_body"`
}

type job struct {
	ID         int               `json:"id"`
	Status     string            `json:"status"`
	Operations []operationResult `json:"operations,omitempty"`
}

func (s *Server) startJob(r *http.Request, _ int64) simkit.Answer {
	var body newJob
	if problem := decode(r, &body); problem != "" {
		return simkit.Failed(http.StatusBadRequest, problem)
	}
	if len(body.Operations) == 0 {
		return invalid("operations", "can't be blank")
	}
	results := make([]operationResult, 0, len(body.Operations))
	for _, op := range body.Operations {
		a := s.operate(op)
		results = append(results, operationResult{ID: op.ID, Status: a.Status, Body: string(a.Body)})
	}
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	s.jobs.all = append(s.jobs.all, results)
	return simkit.JSON(http.StatusCreated, job{ID: len(s.jobs.all), Status: "pending"})
}

// operate knows the one operation that is asked of it.
func (s *Server) operate(op newOperation) simkit.Answer {
	if op.Method != http.MethodPost || op.Path != prefix+"/subscribers/sync" {
		return simkit.Failed(http.StatusNotFound, "Not found")
	}
	var body syncBody
	if !json.Valid([]byte(op.Body)) {
		return simkit.Failed(http.StatusBadRequest, "Bad body")
	}
	if problem := decodeStrict([]byte(op.Body), &body); problem != "" {
		return simkit.Failed(http.StatusBadRequest, problem)
	}
	return s.sync(body)
}

func (s *Server) getJob(r *http.Request, id int64) simkit.Answer {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	if id < 1 || id > int64(len(s.jobs.all)) {
		return simkit.Failed(http.StatusNotFound, "Not found")
	}
	found := job{ID: int(id), Status: "finished"}
	if r.URL.Query().Get("include_operations") == "true" {
		found.Operations = s.jobs.all[id-1]
	}
	return simkit.JSON(http.StatusOK, found)
}

func (j *jobs) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = nil
}
