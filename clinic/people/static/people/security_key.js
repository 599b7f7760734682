// Ties the button for a security key to the log-in library's own script.
const button = document.getElementById("kunci");
const { form, role, credential } = button.dataset;

window.allauth.webauthn.forms[form]({
  ids: { [role]: button.id, credential, data: "kunci-data" },
});
