{{/* Environment variables: the settings of a service. All take root. */}}

{{/* Where a service's certificates are. Argument: root, service. */}}
{{- define "cadran.env.tls" -}}
{{- if include "cadran.tlsSecret" . }}
{{- range $setting, $file := dict "CA" "ca.crt" "CERT" "tls.crt" "KEY" "tls.key" }}
- name: CADRAN_{{ upper $.service }}_TLS_{{ $setting }}
  value: /run/cadran/tls/{{ $file }}
{{- end }}
{{- end }}
{{- end }}

{{/* What `settings` of the values adds. Argument: root, service. */}}
{{- define "cadran.env.given" -}}
{{- $settings := (index .root.Values .service).settings -}}
{{- range $key, $value := $settings }}
- name: CADRAN_{{ upper $.service }}_{{ upper $key }}
  value: {{ ternary $value ($value | toJson) (kindIs "string" $value) | quote }}
{{- end }}
{{- end }}

{{/* What all services have: the scenario and one thread of arithmetic each. Argument: root, service, overrides. */}}
{{- define "cadran.env.common" -}}
{{- $prefix := printf "CADRAN_%s" (upper .service) -}}
- name: {{ $prefix }}_SCENARIO
  value: /etc/cadran/scenario.yaml
- name: {{ $prefix }}_OVERRIDES
  value: {{ .overrides | toJson | quote }}
- name: {{ $prefix }}_SEED
  value: {{ .root.Values.seed | int64 | quote }}
{{- range list "OMP" "OPENBLAS" "MKL" "NUMBA" }}
- name: {{ . }}_NUM_THREADS
  value: "1"
{{- end }}
{{- end }}

{{/* The scenario's changes as the RAN and the learners need them; a dApp has no use for the number of DUs. */}}
{{- define "cadran.overrides" -}}
{{- append .Values.scenario.overrides (printf "world.dus=%d" (int .Values.dus)) | toJson -}}
{{- end }}

{{- define "cadran.env.dapp" -}}
{{- $ports := include "cadran.ports" . | fromJson -}}
{{ include "cadran.env.common" (dict "root" . "service" "dapp" "overrides" .Values.scenario.overrides) }}
- name: CADRAN_DAPP_DU
  value: hostname
- name: CADRAN_DAPP_E3_CONNECT
  value: {{ include "cadran.fullname" . }}-ransim:{{ $ports.e3 }}
- name: CADRAN_DAPP_HTTP
  value: {{ include "cadran.listen" (dict "root" . "port" $ports.dapp) | quote }}
{{- if .Values.tls.enabled }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- include "cadran.env.tls" (dict "root" . "service" "dapp") }}
{{- include "cadran.env.given" (dict "root" . "service" "dapp") }}
{{- end }}

{{- define "cadran.env.ransim" -}}
{{- $ports := include "cadran.ports" . | fromJson -}}
{{ include "cadran.env.common" (dict "root" . "service" "ransim" "overrides" (include "cadran.overrides" . | fromJsonArray)) }}
- name: CADRAN_RANSIM_E3_LISTEN
  value: {{ include "cadran.listen" (dict "root" . "port" $ports.e3) | quote }}
- name: CADRAN_RANSIM_E2_CONNECT
  value: {{ include "cadran.fullname" . }}-xapp:{{ $ports.e2 }}
- name: CADRAN_RANSIM_HTTP
  value: {{ include "cadran.listen" (dict "root" . "port" $ports.ransim) | quote }}
{{- include "cadran.env.tls" (dict "root" . "service" "ransim") }}
{{- include "cadran.env.given" (dict "root" . "service" "ransim") }}
{{- end }}

{{/* What xApp and rApp have in common. Argument: root, service. */}}
{{- define "cadran.env.learner" -}}
{{- $ports := include "cadran.ports" .root | fromJson -}}
{{- $prefix := printf "CADRAN_%s" (upper .service) -}}
{{ include "cadran.env.common" (dict "root" .root "service" .service "overrides" (include "cadran.overrides" .root | fromJsonArray)) }}
- name: {{ $prefix }}_REST
  value: {{ include "cadran.listen" (dict "root" .root "port" (index $ports .service)) | quote }}
- name: {{ $prefix }}_STATE_DIR
  value: /var/lib/cadran/{{ include "cadran.stateName" .root }}
- name: {{ $prefix }}_REDIS
  value: {{ include "cadran.redisUrl" .root }}
- name: {{ $prefix }}_REDIS_REGION
  value: {{ include "cadran.region" .root }}
{{- if include "cadran.redisSecret" .root }}
- name: {{ $prefix }}_REDIS_PASSWORD_FILE
  value: /run/secrets/cadran/redis-password
{{- end }}
{{- end }}

{{- define "cadran.env.xapp" -}}
{{- $ports := include "cadran.ports" . | fromJson -}}
{{ include "cadran.env.learner" (dict "root" . "service" "xapp") }}
- name: CADRAN_XAPP_E2_LISTEN
  value: {{ include "cadran.listen" (dict "root" . "port" $ports.e2) | quote }}
{{- if .Values.tls.enabled }}
- name: CADRAN_XAPP_REST_TLS
  value: "false"
{{- end }}
{{- include "cadran.env.tls" (dict "root" . "service" "xapp") }}
{{- include "cadran.env.given" (dict "root" . "service" "xapp") }}
{{- end }}

{{- define "cadran.env.rapp" -}}
{{- $ports := include "cadran.ports" . | fromJson -}}
{{ include "cadran.env.learner" (dict "root" . "service" "rapp") }}
- name: CADRAN_RAPP_XAPP
  value: {{ include "cadran.fullname" . }}-xapp:{{ $ports.xapp }}
{{- include "cadran.env.given" (dict "root" . "service" "rapp") }}
{{- end }}
