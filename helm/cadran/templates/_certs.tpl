{{/* Certificates that the release makes itself. */}}

{{/* "true" where it does, else nothing. */}}
{{- define "cadran.makesCerts" -}}
{{- if and .Values.tls.enabled (not .Values.tls.certManager.enabled) (not (include "cadran.tlsGiven" .)) }}true{{ end -}}
{{- end }}

{{/* Names of the secrets that it keeps, as JSON. */}}
{{- define "cadran.madeSecrets" -}}
{{- $names := list (printf "%s-tls-ca" (include "cadran.fullname" .)) -}}
{{- range list "dapp" "ransim" "xapp" }}{{ $names = append $names (include "cadran.tlsSecret" (dict "root" $ "service" .)) }}{{ end -}}
{{- $names | toJson -}}
{{- end }}

{{/* When a hook is made, and that it goes once it was of use; what has failed stays, with its log. Argument: weight. */}}
{{- define "cadran.certs.hook" -}}
helm.sh/hook: pre-install,pre-upgrade,pre-rollback
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* The account that keeps the secrets, and all that it may do. Argument: root, service, hook. */}}
{{- define "cadran.certs.access" -}}
{{- $fullname := include "cadran.fullname" .root -}}
{{- $name := printf "%s-%s" $fullname .service -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "cadran.certs.metadata" . | nindent 2 }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "cadran.certs.metadata" . | nindent 2 }}
rules:
  # Kubernetes cannot bound by name what may be made, only what may be read and written.
  - apiGroups: [""]
    resources: ["secrets"]
    verbs: ["create"]
  - apiGroups: [""]
    resources: ["secrets"]
    resourceNames: {{ include "cadran.madeSecrets" .root }}
    verbs: ["get", "update"]
  - apiGroups: ["apps"]
    resources: ["statefulsets"]
    resourceNames: [{{ printf "%s-dapp" $fullname | quote }}]
    verbs: ["patch"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "cadran.certs.metadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "cadran.certs.metadata" -}}
{{- include "cadran.metadata" . }}
{{- if .hook }}
annotations:
  {{- include "cadran.certs.hook" "-5" | nindent 2 }}
{{- end }}
{{- end }}

{{/* The job that makes and renews; its pods run where the xApp, of the same image, does. Argument: root, service. */}}
{{- define "cadran.certs.job" -}}
backoffLimit: 3
activeDeadlineSeconds: 300
template:
  metadata:
    labels:
      {{- include "cadran.selector" . | nindent 6 }}
  spec:
    {{- $account := printf "%s-%s" (include "cadran.fullname" .root) .service }}
    {{- include "cadran.pod.common" (dict "root" .root "values" .root.Values.xapp "user" .root.Values.security.user "account" $account) | nindent 4 }}
    restartPolicy: Never
    terminationGracePeriodSeconds: 1
    containers:
      - name: {{ .service }}
        image: {{ include "cadran.image" (dict "root" .root "image" "learner") | quote }}
        imagePullPolicy: {{ .root.Values.images.pullPolicy }}
        command:
          - python
          - -m
          - cadran.cli
          - certs
          - kubernetes
          - {{ .root.Release.Name | quote }}
          - --fullname={{ include "cadran.fullname" .root }}
          - --dus={{ int .root.Values.dus }}
          - --days={{ int .root.Values.tls.days }}
        {{- include "cadran.container.security" .root | nindent 8 }}
        resources:
          requests: {cpu: 50m, memory: 96Mi}
          limits: {memory: 256Mi}
        volumeMounts:
          - name: tmp
            mountPath: /tmp
    volumes:
      - name: tmp
        emptyDir:
          sizeLimit: 16Mi
{{- end }}
