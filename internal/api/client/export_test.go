package client

import "net/http"

// SetTransport puts something else in the place of the network.
func (c *Client) SetTransport(t http.RoundTripper) { c.http.Transport = t }
