package quiet_test

import (
	"bytes"
	"context"
	"database/sql"
	"log"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/quiet"
)

// envChild makes the test program have the libraries complain: what they print goes to the process's standard error.
const envChild = "WHMCSYNC_QUIET_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(envChild) {
	case "quiet":
		quiet.Libraries()
		complain()
	case "loud":
		complain()
	default:
		os.Exit(m.Run())
	}
}

// complain meets servers that hang up at once, or are not there.
func complain() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	settings := mysql.NewConfig()
	settings.Net, settings.Addr = "tcp", listener.Addr().String()
	if db, err := sql.Open("mysql", settings.FormatDSN()); err == nil {
		_ = db.Ping() // fails, which is not what matters here
		db.Close()
	}
	listener.Close()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), DialTimeout: time.Second, DialerRetries: 1})
	client.Ping(context.Background())
	client.Close()
	log.Print("the standard library says something")
}

func TestLibrariesPrintNothing(t *testing.T) {
	t.Parallel()
	for mode, silent := range map[string]bool{"loud": false, "quiet": true} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), envChild+"="+mode)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"[mysql]", "redis: ", "the standard library"} {
			if bytes.Contains(said.Bytes(), []byte(word)) == silent {
				t.Errorf("%s: %q is printed %v: %s", mode, word, silent, said.String())
			}
		}
		if silent && said.Len() > 0 {
			t.Errorf("printed: %s", said.String())
		}
	}
}
