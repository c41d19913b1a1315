package view

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// askLimit bounds the wait for another worker's word.
	askLimit = 3 * time.Second
	// askAtOnce bounds how many are asked at a time.
	askAtOnce = 32
)

// askAll asks all other living workers the same, and returns what they say and who says nothing.
func askAll[T any](ctx context.Context, v View, path string) (answers []T, missing []string, err error) {
	members, _, err := v.Roll.Members(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var mu sync.Mutex
	g := errgroup.Group{}
	g.SetLimit(askAtOnce)
	for _, l := range members {
		if l.GetName() == v.Self.GetName() && l.GetInstance() == v.Self.GetInstance() {
			continue
		}
		g.Go(func() error {
			var said T
			body, err := v.Forward.Get(ctx, l.GetUrl(), path)
			if err == nil {
				err = json.Unmarshal(body, &said)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				missing = append(missing, l.GetName())
			} else {
				answers = append(answers, said)
			}
			return nil
		})
	}
	_ = g.Wait()
	slices.Sort(missing)
	return answers, append([]string{}, missing...), nil
}

// address is where a worker's REST API is, empty when it is not there.
func (v View) address(ctx context.Context, worker string) string {
	members, _, err := v.Roll.Members(ctx)
	if err != nil {
		return ""
	}
	for _, l := range members {
		if l.GetName() == worker {
			return l.GetUrl()
		}
	}
	return ""
}
