package simkit_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// A registrar that knows one domain. It is told to be broken once, for one of its calls.
func Example() {
	statuses := map[string]string{"example.com": "active"}
	registrar := simkit.New(simkit.API{
		Base: "/v1",
		Route: func(r *http.Request) (string, func() simkit.Answer) {
			name, found := strings.CutPrefix(r.URL.Path, "/v1/domains/")
			if !found {
				return "", nil
			}
			return "get_domain", func() simkit.Answer {
				return simkit.JSON(http.StatusOK, map[string]string{"name": name, "status": statuses[name]})
			}
		},
	}, simkit.Options{})
	if err := registrar.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	defer registrar.Close()

	_ = registrar.SetFaults(simkit.Fault{Call: "get_domain", Kind: simkit.KindBroken, Times: 1})
	for _, path := range []string{"/domains/example.com", "/domains/example.com", "/contacts"} {
		printAnswer(registrar.URL() + path)
	}
	fmt.Println(registrar.Counts().Calls)
	// Output:
	// 500 {"error":"Internal server error"}
	// 200 {"name":"example.com","status":"active"}
	// 404 {"error":"Not found"}
	// map[get_domain:2 unknown:1]
}

func printAnswer(url string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
}
