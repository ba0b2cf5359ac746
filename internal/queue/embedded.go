package queue

import (
	"crypto/rand"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
)

// embeddedRedis is a Redis inside this process. Its data dies with the process; what matters is in Postgres.
type embeddedRedis struct {
	server *miniredis.Miniredis
	stop   chan struct{}
	done   chan struct{}
}

// startEmbedded listens on a free port of the loopback interface, because the queue pages want an address, and behind
// a random password, because other users of the machine can reach that port.
func startEmbedded() (*embeddedRedis, asynq.RedisConnOpt, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, nil, redisFault("start embedded server", err)
	}
	e := &embeddedRedis{server: server, stop: make(chan struct{}), done: make(chan struct{})}
	go e.tick(time.Second)
	return e, asynq.RedisClientOpt{Addr: server.Addr(), Password: password, PoolSize: poolSize}, nil
}

// tick lets keys expire: by itself the embedded server never moves its clock.
func (e *embeddedRedis) tick(every time.Duration) {
	defer close(e.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-e.stop:
			return
		case now := <-ticker.C:
			e.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (e *embeddedRedis) close() {
	close(e.stop)
	<-e.done
	e.server.Close()
}
