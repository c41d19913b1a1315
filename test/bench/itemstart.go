package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/api/client"
	"github.com/headwater/headwater/test/kafka/program"
)

// start starts a program and returns when it asks for parents and, if it is the worker, all lanes are at work.
func (r itemRun) start(ctx context.Context, who contender) (*program.Process, error) {
	list := fmt.Sprintf("run=%s&total=%d&limit=%d", r.name, r.n, parentPage)
	if who != worker {
		p, err := program.Start(exec.Command(r.self, string(who)+"-items", r.url+"/parents?"+list,
			fmt.Sprintf("%s/parents/%%s/items?limit=%d", r.url, r.per), fmt.Sprint(chaining.Lanes*r.inFlight),
			r.cluster.Bootstrap, r.parents(), r.items(), chaining.Topic(r.name)), filepath.Join(r.dir, "worker.log"))
		if err != nil {
			return nil, err
		}
		return p, r.await(ctx, p, func() error { return r.call(ctx, "seen") })
	}
	w := program.Worker{
		Binary: r.worker, Dir: r.dir, Bootstrap: r.cluster.Bootstrap, Group: r.name + "-group",
		Properties: map[string]string{"work.dir": r.dir},
		Connectors: map[string]map[string]string{r.name: r.connector(list)},
	}
	running, err := w.Start()
	if err != nil {
		return nil, err
	}
	return running.Process, r.await(ctx, running.Process, func() error { return errors.Join(r.call(ctx, "seen"), r.manned(ctx, running.URL)) })
}

func (r itemRun) connector(list string) map[string]string {
	return map[string]string{
		"connector.class": "HttpSourceV2", "output.data.format": "JSON", "tasks.max": "1", "apis.num": "2",
		"http.api.base.url": r.url, "auth.type": "NONE", "behavior.on.error": "FAIL",
		"api.chaining.parent.child.relationship": "api1::api2",

		"api1.http.api.path":                   "/parents",
		"api1.topics":                          r.parents(),
		"api1.http.request.parameters":         "start=${offset}&" + list,
		"api1.http.response.data.json.pointer": "/data",
		"api1.http.offset.mode":                "SIMPLE_INCREMENTING",
		"api1.http.initial.offset":             "0",
		"api1.request.interval.ms":             "0",

		"api2.http.api.path":                         "/parents/${id}/items",
		"api2.topics":                                r.items(),
		"api2.http.request.parameters":               fmt.Sprintf("limit=%d", r.per),
		"api2.http.response.data.json.pointer":       "/data",
		"api2.http.offset.mode":                      "CURSOR_PAGINATION",
		"api2.http.next.page.json.pointer":           "/next",
		"api2.http.cursor.pagination.parameter.name": "cursor",
		"api2.is.next.page.token.absolute.url":       "false",
		"api2.request.interval.ms":                   "0",
		"api2.chaining.items.in.flight":              fmt.Sprint(r.inFlight),
	}
}

// manned says why not all lanes wait for work; nil: they do.
func (r itemRun) manned(ctx context.Context, url string) error {
	c, err := client.New(client.Config{Servers: []string{url}})
	if err != nil {
		return err
	}
	q, err := c.Queue(ctx, r.name)
	if err != nil {
		return err
	}
	for _, l := range q.Lanes {
		if l.Worker == "" || l.Waiting != "interval" {
			return fmt.Errorf("lane %d of %q is %s, waiting for %q", l.Lane, l.Worker, l.State, l.Waiting)
		}
	}
	return nil
}

// await asks again and again until there is no error.
func (r itemRun) await(ctx context.Context, p *program.Process, ready func() error) error {
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w: %w", r.name, context.Cause(ctx), err)
		case <-p.Done():
			return fmt.Errorf("ended by itself with code %d", p.ExitCode())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// call asks the API's process something about this run.
func (r itemRun) call(ctx context.Context, what string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/"+what+"?run="+r.name, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s", what, r.name, resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}
