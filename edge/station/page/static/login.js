const one = (selector) => document.querySelector(selector);

one("#login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = one("#problem");
  problem.textContent = "";
  const answer = await fetch("/api/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ password: one("#password").value }),
  }).catch(() => null);
  if (answer?.ok) return location.assign("/");
  const told = answer ? await answer.json().catch(() => ({})) : {};
  problem.textContent = told.error ? `${told.error}; ${told.remedy}` : "the station cannot be reached";
  one("#password").select();
});
