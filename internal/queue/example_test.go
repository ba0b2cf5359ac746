package queue_test

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/tasks"
)

func Example() {
	ctx := context.Background()
	redis, err := queue.Connect(ctx, queue.Embedded, zerolog.Nop())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer redis.Close()

	settled := make(chan struct{})
	server, err := queue.Serve(ctx, redis, queue.ServerConfig{
		Queue: "news",
		Log:   zerolog.Nop(),
		Handler: queue.Mux(map[tasks.Kind]queue.Handler{
			tasks.KindBatch: func(_ context.Context, task queue.Task) (any, error) {
				defer close(settled)
				batch, err := tasks.Decode[tasks.Batch](task.Payload)
				fmt.Println("run", batch.Run, "batch", batch.Batch, "generation", batch.Generation)
				return nil, err
			},
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()

	batch := tasks.NewBatch(7, 140, 1)
	client := queue.NewClient(redis)
	if err := client.Enqueue(ctx, "news", tasks.KindBatch, batch.ID(), batch, queue.EnqueueOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	<-settled
	// Output: run 7 batch 140 generation 1
}
