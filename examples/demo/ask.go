package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// inquirer asks the sample API what it holds and the worker how it is doing.
type inquirer struct {
	client http.Client
	rest   string
}

func newInquirer(rest string) *inquirer {
	return &inquirer{client: http.Client{Timeout: 5 * time.Second}, rest: rest}
}

// get asks for address and decodes the JSON answer.
func (q *inquirer) get(ctx context.Context, address string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := q.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body := io.LimitReader(response.Body, 8<<20)
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(body)
		return fmt.Errorf("GET %s: %s %s", address, response.Status, text)
	}
	if err := json.NewDecoder(body).Decode(answer); err != nil {
		return fmt.Errorf("GET %s: %w", address, err)
	}
	return nil
}

// held is a page of the sample API, as far as it matters here.
type held struct {
	Data []struct {
		ID json.RawMessage `json:"id"`
	} `json:"data"`
	Total int `json:"total"`
}

func (q *inquirer) page(ctx context.Context, a api, start, limit int) (held, error) {
	address, err := url.Parse(a.base + a.whole())
	if err != nil {
		return held{}, err
	}
	query := address.Query()
	query.Set("start", strconv.Itoa(start))
	query.Set("limit", strconv.Itoa(limit))
	address.RawQuery = query.Encode()
	var h held
	return h, q.get(ctx, address.String(), &h)
}

// total returns how many records a holds now.
func (q *inquirer) total(ctx context.Context, a api) (int, error) {
	h, err := q.page(ctx, a, 0, 1)
	return h.Total, err
}

// ids lists what a holds, by position and not in the way in which the connector reads it.
func (q *inquirer) ids(ctx context.Context, a api) ([]string, error) {
	var ids []string
	for {
		h, err := q.page(ctx, a, len(ids), 1000)
		if err != nil {
			return nil, err
		}
		for _, d := range h.Data {
			ids = append(ids, string(d.ID))
		}
		if len(h.Data) == 0 || len(ids) >= h.Total {
			return ids, nil
		}
	}
}

// offsets returns the source offset of each API's path, out of GET /connectors/{name}/offsets.
func (q *inquirer) offsets(ctx context.Context, s source) (map[string]string, error) {
	var answer struct {
		Offsets []struct {
			Partition struct {
				URL string `json:"url"`
			} `json:"partition"`
			Offset struct {
				Offset string `json:"offset"`
			} `json:"offset"`
		} `json:"offsets"`
	}
	if err := q.get(ctx, q.connectorURL(s.name)+"/offsets", &answer); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, o := range answer.Offsets {
		found[strings.TrimPrefix(o.Partition.URL, s.base)] = o.Offset.Offset
	}
	return found, nil
}

// status tells how the connector and its tasks are doing, out of GET /connectors/{name}/status.
func (q *inquirer) status(ctx context.Context, name string) (string, error) {
	var answer struct {
		Connector state   `json:"connector"`
		Tasks     []state `json:"tasks"`
	}
	if err := q.get(ctx, q.connectorURL(name)+"/status", &answer); err != nil {
		return "", err
	}
	running, trouble := 0, answer.Connector.Trace
	for _, t := range answer.Tasks {
		if t.State == "RUNNING" {
			running++
		} else if trouble == "" {
			trouble = t.Trace
		}
	}
	text := fmt.Sprintf("%s %s, %d of %d tasks RUNNING", name, answer.Connector.State, running, len(answer.Tasks))
	if trouble != "" {
		text += ": " + trouble
	}
	return text, nil
}

// state is a connector's or a task's.
type state struct {
	State string `json:"state"`
	Trace string `json:"trace"`
}

func (q *inquirer) connectorURL(name string) string {
	return "http://" + q.rest + "/connectors/" + name
}
