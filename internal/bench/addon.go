package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

// addonClients is how many clients the addon's loop sends.
const addonClients = 1000

// addon is the yardstick of what whmcsync replaces: one call per client, one after the other, over a new connection each.
// The second that the addon sleeps between two calls is left out. It returns clients a second.
func addon(ctx context.Context) (float64, error) {
	list := sim.New(sim.Options{APIKey: apiKey})
	if err := list.Start("127.0.0.1:0"); err != nil {
		return 0, err
	}
	defer func() { _ = list.Close() }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	began := time.Now()
	for i := range addonClients {
		if err := send(ctx, client, list.URL(), i); err != nil {
			return 0, err
		}
	}
	return addonClients / time.Since(began).Seconds(), nil
}

func send(ctx context.Context, client *http.Client, base string, n int) error {
	body, err := json.Marshal(map[string]any{
		"email": fmt.Sprintf("client%d@example.com", n), "name": "A Client", "status": "active",
		"group_ids": []int{1, 3}, "restore_if_deleted": true,
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/subscribers/sync", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("X-Auth-Token", apiKey)
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the list answered HTTP %d", answer.StatusCode)
	}
	return nil
}
