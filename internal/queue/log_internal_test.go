package queue

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestTheRedisClientIsHeardByThoseWhoDebugAndSeldom(t *testing.T) {
	t.Parallel()
	said := &strings.Builder{}
	log := newClientLogger(zerolog.New(said))
	for range 5 {
		log.Printf(t.Context(), "pool: failed to dial %s", "127.0.0.1:1")
	}
	const want = `{"level":"debug","detail":"pool: failed to dial 127.0.0.1:1","message":"redis client said something"}` + "\n"
	if said.String() != want {
		t.Errorf("got %s, want one line: %s", said, want)
	}
}
