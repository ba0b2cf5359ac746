package tasks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/tasks"
)

// The bytes of a payload are a contract between programs of different versions that run side by side in a rollout.
func TestPayloadsMatchGoldenFiles(t *testing.T) {
	t.Parallel()
	t.Run("batch", func(t *testing.T) { t.Parallel(); golden(t, "batch.v1.json", tasks.NewBatch(7, 140, 2)) })
	t.Run("touch", func(t *testing.T) { t.Parallel(); golden(t, "touch.v1.json", tasks.NewTouch("newsletter", 12)) })
	t.Run("report", func(t *testing.T) { t.Parallel(); golden(t, "report.v1.json", tasks.NewReport(7)) })
	t.Run("mail", func(t *testing.T) { t.Parallel(); golden(t, "mail.v1.json", tasks.NewMail(7)) })
}

func golden[P tasks.Batch | tasks.Touch | tasks.Report | tasks.Mail](t *testing.T, file string, payload P) {
	t.Helper()
	want, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("payload changed (-want +got):\n%s", diff)
	}
	back, err := tasks.Decode[P](want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(payload, back); diff != "" {
		t.Errorf("decoded payload differs:\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"a key it does not know": `{"v":1,"run":7,"batch":1,"generation":1,"email":"a@b.c"}`,
		"no version":             `{"run":7}`,
		"what is not JSON":       `run 7`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := tasks.Decode[tasks.Batch]([]byte(data)); err == nil {
				t.Error("want an error")
			}
		})
	}
	t.Run("a newer version, by name, so that it can be passed on", func(t *testing.T) {
		t.Parallel()
		_, err := tasks.Decode[tasks.Batch]([]byte(`{"v":99,"something":"else"}`))
		if _, ok := errors.AsType[*tasks.NewerError](err); !ok {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"run":7,"batch":140,"generation":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		payload, err := tasks.Decode[tasks.Batch](data)
		if err == nil && payload.V != tasks.Version {
			t.Errorf("accepted version %d", payload.V)
		}
	})
}

func ExampleBatch_ID() {
	fmt.Println(tasks.NewBatch(7, 140, 2).ID())
	// Output: 7/140/2
}
