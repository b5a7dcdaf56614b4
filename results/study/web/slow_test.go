package web

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSlowBodiesAreCutOff(t *testing.T) {
	whole := make(chan error, 1)
	server := newServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		whole <- err
	}))
	require.Equal(t, 15*time.Second, server.ReadTimeout)
	server.ReadTimeout = 200 * time.Millisecond // not to wait as long here
	test := httptest.NewUnstartedServer(server.Handler)
	test.Config = server
	test.Start()
	defer test.Close()
	client, err := net.Dial("tcp", test.Listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	_, err = io.WriteString(client, "POST /vote HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nticket=")
	require.NoError(t, err)
	select {
	case err := <-whole:
		assert.ErrorContains(t, err, "i/o timeout")
	case <-time.After(10 * time.Second):
		t.Fatal("the server waits on")
	}
}
