package configs

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/connector"
)

// taskClass is what a real Connect worker wants to find in a task's record.
const taskClass = "io.confluent.connect.http.source.GenericHttpSourceTask"

// TaskConfigs are the task records of a connector.
func TaskConfigs(c connector.Config) []map[string]string {
	var out []map[string]string
	for _, t := range connector.Tasks(c) {
		apis := make([]string, len(t.APIs))
		for i, n := range t.APIs {
			apis[i] = fmt.Sprintf("api%d", n)
		}
		out = append(out, map[string]string{"task.class": taskClass, "apis": strings.Join(apis, ",")})
	}
	return out
}

// TaskAPIs are the numbers of the APIs in a task's record; none when it is not one of ours.
func TaskAPIs(task map[string]string) []int {
	if task["task.class"] != taskClass {
		return nil
	}
	var out []int
	for api := range strings.SplitSeq(task["apis"], ",") {
		if n, err := strconv.Atoi(strings.TrimPrefix(api, "api")); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// Chained reports whether a configuration has API chaining, and so a work queue.
func Chained(config map[string]string) bool {
	return strings.TrimSpace(config["api.chaining.parent.child.relationship"]) != ""
}

// Fingerprint tells configurations apart.
func Fingerprint(config map[string]string) string {
	h := fnv.New128a()
	for _, k := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(h, "%q=%q\n", k, config[k])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
