package tasks

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Kind is the type of a task.
type Kind string

// The kinds. One batch task serves every duty: the batch's row says what it is.
const (
	KindBatch  Kind = "batch"  // execute one batch of a run
	KindTouch  Kind = "touch"  // look at the records of one sync that were touched
	KindReport Kind = "report" // tell people how a run ended
	KindMail   Kind = "mail"   // mail the report of a run
)

// Queue names beside the accounts' own (an account's queue has the account's name).
const (
	QueueEvents  = "events"
	QueueReports = "reports"
	QueueMail    = "mail" // of its own, so that a mail server that is down delays nothing else
)

// Version of the payloads written by this program. A worker passes a newer one on to newer workers.
const Version = 1

// Batch is the payload of KindBatch.
type Batch struct {
	V          int   `json:"v"`
	Run        int64 `json:"run"`
	Batch      int64 `json:"batch"`
	Generation int   `json:"generation"`
}

// ID names one generation of one batch: a second scheduler cannot double it.
func (b Batch) ID() string { return fmt.Sprintf("%d/%d/%d", b.Run, b.Batch, b.Generation) }

// Touch is the payload of KindTouch. Which records were touched is in Postgres.
type Touch struct {
	V    int    `json:"v"`
	Sync string `json:"sync"`
	Seq  int64  `json:"seq"`
}

// ID names the wake-up for one touch.
func (t Touch) ID() string { return "touch/" + t.Sync + "/" + strconv.FormatInt(t.Seq, 10) }

// Report is the payload of KindReport.
type Report struct {
	V   int   `json:"v"`
	Run int64 `json:"run"`
}

// ID names one generation of the report of a run.
func (r Report) ID(generation int) string { return fmt.Sprintf("report/%d/%d", r.Run, generation) }

// Mail is the payload of KindMail.
type Mail struct {
	V   int   `json:"v"`
	Run int64 `json:"run"`
}

// ID names one generation of the mail about a run.
func (m Mail) ID(generation int) string { return fmt.Sprintf("mail/%d/%d", m.Run, generation) }

// NewBatch, NewTouch, NewReport and NewMail build payloads of the present version.
func NewBatch(run, batch int64, generation int) Batch {
	return Batch{V: Version, Run: run, Batch: batch, Generation: generation}
}

// NewTouch builds a touch payload.
func NewTouch(sync string, seq int64) Touch { return Touch{V: Version, Sync: sync, Seq: seq} }

// NewReport builds a report payload.
func NewReport(run int64) Report { return Report{V: Version, Run: run} }

// NewMail builds a mail payload.
func NewMail(run int64) Mail { return Mail{V: Version, Run: run} }

// NewerError says that a payload was written by a newer program: hand it back, another worker will know it.
type NewerError struct{ V int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("task version %d is newer than this program's %d", e.V, Version)
}

// Decode reads a payload strictly: no unknown keys, and a version this program knows. A newer one is a *NewerError.
func Decode[P Batch | Touch | Report | Mail](data []byte) (P, error) {
	var payload P
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return payload, fmt.Errorf("decode task: %w", err)
	}
	if head.V > Version {
		return payload, &NewerError{V: head.V}
	}
	if head.V < 1 {
		return payload, fmt.Errorf("decode task: version %d", head.V)
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&payload); err != nil {
		return payload, fmt.Errorf("decode task: %w", err)
	}
	return payload, nil
}
