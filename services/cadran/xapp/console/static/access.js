// The token that the xApp may ask for: entered once, kept for this tab alone, until it is closed.

const KEY = "cadran-token";
const dialog = document.getElementById("token");
const field = document.getElementById("token-field");
let declined = false;

// As fetch, with the token; asks for one where the xApp wants it.
export async function ask(path, options = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = token ? { ...options.headers, authorization: `Bearer ${token}` } : options.headers;
  const answer = await fetch(path, { ...options, headers });
  const changes = options.method !== undefined;
  if (answer.status === 401 && (changes || !declined) && !dialog.open) dialog.showModal();
  return answer;
}

function take() {
  if (!field.value) return;
  sessionStorage.setItem(KEY, field.value.trim());
  field.value = "";
  dialog.close();
}

document.getElementById("token-ok").addEventListener("click", take);
document.getElementById("token-no").addEventListener("click", () => {
  declined = true;
  dialog.close();
});
dialog.addEventListener("cancel", () => (declined = true));
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter") take();
});
