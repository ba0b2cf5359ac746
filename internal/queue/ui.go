package queue

import (
	"net/http"

	"github.com/hibiken/asynqmon"
)

// UI is the queue pages, for the subtree root ("/queues"). They have no sign-in and no defence against forged requests:
// mount them behind both. readOnly refuses every request that would change something. They live as long as r.
func UI(r *Redis, root string, readOnly bool) http.Handler {
	pages := asynqmon.New(asynqmon.Options{RootPath: root, RedisConnOpt: r.opt, ReadOnly: readOnly})
	r.closers = append(r.closers, pages.Close)
	return pages
}
