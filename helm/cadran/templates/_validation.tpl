{{/* What no schema of single values can say: values that must go together. One line each. */}}
{{- define "cadran.validate" -}}
{{- range .Values.scenario.overrides -}}
{{- if regexMatch "^world\\.dus=" . }}{{ fail (printf "scenario.overrides: '%s': the number of DUs follows from dus" .) }}{{ end -}}
{{- end -}}
{{- $redis := .Values.redis -}}
{{- if and $redis.embedded $redis.url }}{{ fail "redis.url: only with redis.embedded=false; now there would be two" }}{{ end -}}
{{- if and (not $redis.embedded) (not $redis.url) }}{{ fail "redis.url: is required with redis.embedded=false" }}{{ end -}}
{{- if and .Values.tls.enabled (include "cadran.tlsGiven" .) -}}
{{- range $service, $name := .Values.tls.existingSecrets -}}
{{- if not $name }}{{ fail (printf "tls.existingSecrets.%s: is required where another is given" $service) }}{{ end -}}
{{- end -}}
{{- if .Values.tls.certManager.enabled }}{{ fail "tls.certManager.enabled: not with tls.existingSecrets; now there would be two" }}{{ end -}}
{{- end -}}
{{- $policy := .Values.networkPolicy -}}
{{- if and .Values.metrics.serviceMonitor.enabled $policy.enabled (not $policy.metricsFrom) -}}
{{- fail "networkPolicy.metricsFrom: is required with metrics.serviceMonitor.enabled: nothing could scrape" -}}
{{- end -}}
{{- end }}
