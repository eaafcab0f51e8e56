{{- define "cadran.fullname" -}}
{{- $made := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- default $made .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Labels that never change over the life of a release. Argument: root, service. */}}
{{- define "cadran.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- define "cadran.labels" -}}
{{ include "cadran.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Name and labels of an object that belongs to a service. Argument: root, service. */}}
{{- define "cadran.metadata" -}}
name: {{ include "cadran.fullname" .root }}-{{ .service }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "cadran.labels" . | nindent 2 }}
{{- end }}

{{/* A full reference. Argument: root, image (its key under `images`). */}}
{{- define "cadran.image" -}}
{{- $images := .root.Values.images -}}
{{- $name := index $images .image -}}
{{- if not (regexMatch "[:@][^/]*$" $name) }}{{ $name = printf "%s:%s" $name (default .root.Chart.AppVersion $images.tag) }}{{ end -}}
{{- with $images.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $name }}
{{- end }}

{{- define "cadran.serviceAccountName" -}}
{{- $made := ternary (include "cadran.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end }}

{{/* host:port to listen on. Argument: root, port. */}}
{{- define "cadran.listen" -}}
{{- if contains ":" .root.Values.listenAddress }}[{{ .root.Values.listenAddress }}]{{ else }}{{ .root.Values.listenAddress }}{{ end }}:{{ .port }}
{{- end }}

{{- define "cadran.policyApiVersion" -}}
{{- ternary "policy/v1" "policy/v1beta1" (.Capabilities.APIVersions.Has "policy/v1") -}}
{{- end }}

{{/* The ports of the architecture; every pod has a network of its own, so they never meet. */}}
{{- define "cadran.ports" -}}
{{- dict "e2" 36421 "e3" 36422 "redis" 6379 "dapp" 8092 "ransim" 8091 "xapp" 8090 "rapp" 8091 | toJson -}}
{{- end }}

{{/* The scenario as text. */}}
{{- define "cadran.scenario" -}}
{{- $scenario := .Values.scenario -}}
{{- $text := default (.Files.Get (printf "scenarios/%s.yaml" $scenario.name)) $scenario.content -}}
{{- if not $text -}}
{{- $known := list -}}
{{- range $path, $_ := .Files.Glob "scenarios/*.yaml" }}{{ $known = append $known (base $path | trimSuffix ".yaml") }}{{ end -}}
{{- fail (printf "scenario.name: no scenario '%s' in the chart; known: %s; or give scenario.content" $scenario.name (join ", " $known)) -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{/* "true" where decisions have two levels, else nothing. */}}
{{- define "cadran.hierarchical" -}}
{{- $parsed := include "cadran.scenario" . | fromYaml -}}
{{- if hasKey $parsed "Error" }}{{ fail (printf "scenario.content: not a YAML mapping: %s" $parsed.Error) }}{{ end -}}
{{- $found := hasKey $parsed "hierarchy" -}}
{{- range .Values.scenario.overrides }}{{ $found = or $found (hasPrefix "hierarchy." .) }}{{ end -}}
{{- if $found }}true{{ end -}}
{{- end }}

{{/* "true" where the rApp runs, else nothing. */}}
{{- define "cadran.withRapp" -}}
{{- if and .Values.rapp.enabled (include "cadran.hierarchical" .) }}true{{ end -}}
{{- end }}

{{/* The services that this release has, as JSON; Redis is not one. */}}
{{- define "cadran.services" -}}
{{- $services := list "dapp" "ransim" "xapp" -}}
{{- if include "cadran.withRapp" . }}{{ $services = append $services "rapp" }}{{ end -}}
{{- $services | toJson -}}
{{- end }}

{{- define "cadran.stateName" -}}
{{- default (printf "%s-%ddus" .Values.scenario.name (int .Values.dus)) .Values.stateName -}}
{{- end }}

{{/* Name of the experience in Redis, of this release's own also where releases share one; at most 64 characters. */}}
{{- define "cadran.region" -}}
{{- $name := printf "%s.%s.%s" .Release.Namespace (include "cadran.fullname" .) (include "cadran.stateName" .) -}}
{{- if gt (len $name) 64 }}{{ $name = printf "%s-%s" (trunc 55 $name) (sha256sum $name | trunc 8) }}{{ end -}}
{{- $name -}}
{{- end }}

{{/* Name of the secret with a service's certificates; nothing where it has none. Argument: root, service. */}}
{{- define "cadran.tlsSecret" -}}
{{- if and .root.Values.tls.enabled (has .service (list "dapp" "ransim" "xapp")) -}}
{{- default (printf "%s-%s-tls" (include "cadran.fullname" .root) .service) (get .root.Values.tls.existingSecrets .service) -}}
{{- end -}}
{{- end }}

{{/* "true" where the certificates are in secrets of the user's, else nothing. */}}
{{- define "cadran.tlsGiven" -}}
{{- if without (values .Values.tls.existingSecrets) "" }}true{{ end -}}
{{- end }}

{{- define "cadran.redisUrl" -}}
{{- if .Values.redis.embedded }}redis://{{ include "cadran.fullname" . }}-redis:6379/0{{ else }}{{ .Values.redis.url }}{{ end -}}
{{- end }}

{{- define "cadran.redisPort" -}}
{{- regexFind ":[0-9]+$" (urlParse (include "cadran.redisUrl" .)).host | trimPrefix ":" | default "6379" -}}
{{- end }}

{{/* Name of the secret with Redis' password; nothing where it has none. */}}
{{- define "cadran.redisSecret" -}}
{{- $made := ternary (printf "%s-redis" (include "cadran.fullname" .)) "" .Values.redis.embedded -}}
{{- default $made .Values.redis.password.existingSecret -}}
{{- end }}
